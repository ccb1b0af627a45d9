/** Copies a selection with its formulas as their source. */
import { element } from "./view-element";

/** Puts what is selected in `root` on the clipboard; false, and nothing done, when no formula that is set is in it. */
export function copy(event: ClipboardEvent, root: HTMLElement, sourceOf: (formula: Element) => string): boolean {
  const selection = getSelection();
  if (!event.clipboardData || !selection?.rangeCount || selection.isCollapsed) return false;
  const range = selection.getRangeAt(0).cloneRange();
  const formulas = Array.from(root.querySelectorAll(".jor-math")).filter((node) => range.intersectsNode(node));
  if (!formulas.some((node) => node.firstElementChild)) return false;
  widen(range, formulas);
  const copied = element("div", "jor-text jor-copied", range.cloneContents());
  copied.querySelectorAll(".jor-math").forEach((node, at) => {
    node.textContent = formulas[at] ? sourceOf(formulas[at]) : "";
    node.classList.remove("jor-set");
  });
  // Line breaks between blocks come from the layout, so the copy needs one for a moment.
  root.append(copied);
  event.clipboardData.setData("text/plain", copied.innerText);
  copied.remove();
  event.clipboardData.setData("text/html", new XMLSerializer().serializeToString(copied));
  event.preventDefault();
  return true;
}

/** Takes in the whole of the formulas at both ends. */
function widen(range: Range, formulas: readonly Element[]): void {
  const [first, last] = [formulas[0], formulas.at(-1)];
  if (first && first.contains(range.startContainer)) range.setStartBefore(first);
  if (last && last.contains(range.endContainer)) range.setEndAfter(last);
}
