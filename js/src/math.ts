/** Shows a formula: its source as it is written. */
import { element } from "./view-element";
import { visible } from "./visible";

/** The node of one formula; `source` comes with its dollars or brackets. */
export function mathNode(source: string, display: boolean): HTMLElement {
  const node = element(display ? "div" : "span", "jor-math", visible(source));
  return Object.assign(node, { jorKey: `${display ? "display" : "inline"} ${source}` });
}
