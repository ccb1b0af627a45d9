/** Breaks the line in a box, also inside a notebook's cell, where JupyterLab takes that effect from the Enter key. */

/** To be called on a key that means it, whose own effect is prevented. */
export function breakLine(box: HTMLTextAreaElement): void {
  if (box.readOnly || box.disabled) return;
  // This way the browser can undo it.
  if (box.ownerDocument.execCommand?.("insertText", false, "\n")) return;
  box.setRangeText("\n", box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whether a key asks for it: Enter with Shift, or alone where that does nothing else. */
export function asksForBreak(event: KeyboardEvent, alone = false): boolean {
  return event.key === "Enter" && (alone || event.shiftKey) && !event.isComposing && event.keyCode !== 229 && !event.altKey && !event.ctrlKey && !event.metaKey;
}
