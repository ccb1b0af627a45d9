/** No Markdown at all: plain text appended to paragraphs, which is what the browser itself costs. */
export function start(pane) {
  const root = pane.appendChild(document.createElement("div"));
  let text = null;
  const feed = (piece) => {
    if (!text || text.length > 400) text = root.appendChild(document.createElement("p")).appendChild(new Text());
    text.appendData(piece);
  };
  return { feed, finish: () => undefined, close: () => root.remove() };
}
