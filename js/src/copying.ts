/** Copies formulas as their source, when a selection holds any. */
import { sourceOfMath } from "./math";
import { element } from "./view-element";

export function answerCopies(root: HTMLElement, signal?: AbortSignal): void {
  const onCopy = (event: ClipboardEvent) => {
    const selection = getSelection();
    if (!event.clipboardData || !selection?.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0).cloneRange();
    const formulas = Array.from(root.querySelectorAll(".jor-math")).filter((node) => range.intersectsNode(node));
    if (!formulas.some((node) => node.firstElementChild)) return;
    widen(range, formulas);
    const copy = element("div", "jor-text jor-copied", range.cloneContents());
    copy.querySelectorAll(".jor-math").forEach((node, at) => {
      node.textContent = formulas[at] ? sourceOfMath(formulas[at]) : "";
      node.classList.remove("jor-set");
    });
    // Line breaks between blocks come from the layout, so the copy needs one for a moment.
    root.append(copy);
    event.clipboardData.setData("text/plain", copy.innerText);
    copy.remove();
    event.clipboardData.setData("text/html", new XMLSerializer().serializeToString(copy));
    event.preventDefault();
  };
  root.addEventListener("copy", onCopy, signal ? { signal } : {});
}

/** Takes in the whole of the formulas at both ends. */
function widen(range: Range, formulas: readonly Element[]): void {
  const [first, last] = [formulas[0], formulas.at(-1)];
  if (first && first.contains(range.startContainer)) range.setStartBefore(first);
  if (last && last.contains(range.endContainer)) range.setEndAfter(last);
}
