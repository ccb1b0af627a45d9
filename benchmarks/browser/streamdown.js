/** streamdown without its plug-ins (no colours, no formulas), as a React application updates it. */
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";

export function start(pane) {
  const host = pane.appendChild(document.createElement("div"));
  const root = createRoot(host);
  let text = "";
  const draw = (isAnimating) => root.render(createElement(Streamdown, { isAnimating }, text));
  return {
    isAsync: true,
    feed(piece) {
      text += piece;
      draw(true);
    },
    finish: () => draw(false),
    close: () => root.unmount(),
  };
}
