/** streaming-markdown with its own DOM renderer. */
import { default_renderer, parser, parser_end, parser_write } from "streaming-markdown";

export function start(pane) {
  const root = pane.appendChild(document.createElement("div"));
  const made = parser(default_renderer(root));
  return {
    feed: (text) => parser_write(made, text),
    finish: () => parser_end(made),
    close: () => root.remove(),
  };
}
