/** Asks in place whether something that cannot be taken back is meant, or which words it needs; Esc says no. */
import { button, element } from "./view-element";

export interface Asked {
  question: string;
  /** On the button that goes on. */
  yes: string;
  /** With a line to write into: its name. */
  field?: string;
  then(written: string): void;
}

/** The question, to be put beside what was pressed, which gets the focus back. It takes itself away. */
export function confirmView({ question, yes, field, then }: Asked, pressed: HTMLElement): HTMLElement {
  const box = field ? element("input", "jor-field") : null;
  const go = button("jor-button jor-yes", yes);
  const cancel = button("jor-button", "Cancel");
  const root = element("form", "jor-confirm", element("span", "", question), ...(box ? [box] : []), go, cancel);
  go.type = "submit";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", question);
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  if (box) box.setAttribute("aria-label", field ?? "");
  const close = () => {
    root.remove();
    pressed.focus({ preventScroll: true });
  };
  cancel.addEventListener("click", close);
  root.addEventListener("submit", (event) => {
    event.preventDefault();
    if (box && !box.value.trim()) return box.focus();
    close();
    then(box?.value.trim() ?? "");
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  queueMicrotask(() => (box ?? cancel).focus({ preventScroll: true }));
  return root;
}
