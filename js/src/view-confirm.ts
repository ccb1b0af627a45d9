/** Asks in place whether something that cannot be taken back is meant; Esc says no. */
import { button, element } from "./view-element";

export interface Asked {
  question: string;
  /** On the button that goes on. */
  yes: string;
  then(): void;
}

/** The question, to be put beside what was pressed, which gets the focus back. It takes itself away. */
export function confirmView({ question, yes, then }: Asked, pressed: HTMLElement): HTMLElement {
  const go = button("jor-button jor-yes", yes);
  const cancel = button("jor-button", "Cancel");
  const root = element("div", "jor-confirm", element("span", "", question), go, cancel);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", question);
  const close = () => {
    root.remove();
    pressed.focus({ preventScroll: true });
  };
  cancel.addEventListener("click", close);
  go.addEventListener("click", () => {
    close();
    then();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  });
  queueMicrotask(() => cancel.focus({ preventScroll: true }));
  return root;
}
