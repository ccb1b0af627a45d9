/** Gives code blocks a button that puts their code into a new cell, and does it when one is pressed. */
import { cellOf } from "./cells";
import type { TurnActions } from "./turn-actions";
import { button, element } from "./view-element";

/** For so long after a press, in milliseconds, the same button does nothing: a second click of two is not a second wish. */
const AGAIN = 1500;
const LABEL = "to a new cell";

const languageIn = (block: Element) => block.querySelector(".jor-code-language")?.textContent ?? "";

/** For the blocks of an answer that cannot change any more; those that have one are left as they are. */
export function addCellButtons(root: HTMLElement): void {
  for (const bar of Array.from(root.querySelectorAll(".jor-code-bar"))) {
    const block = bar.parentElement;
    if (!block || bar.querySelector(".jor-to-cell") || !cellOf("", languageIn(block))) continue;
    const copy = bar.querySelector(".jor-copy");
    const made = button("jor-copy jor-to-cell", "put the code into a new cell", LABEL);
    bar.insertBefore(element("span", "jor-code-tools", made, ...(copy ? [copy] : [])), null);
  }
}

/** Hears the presses of all such buttons in `root`; `sourceOf` reads the code of a block. */
export function answerCells(root: HTMLElement, actions: TurnActions, sourceOf: (block: Element) => string, signal: AbortSignal): void {
  const busy = new WeakSet<Element>();
  const press = async (pressed: HTMLElement, block: Element) => {
    busy.add(pressed);
    const done = await actions.toCell(sourceOf(block), languageIn(block));
    pressed.textContent = done;
    actions.say(done);
    setTimeout(() => {
      pressed.textContent = LABEL;
      busy.delete(pressed);
    }, AGAIN);
  };
  const onClick = (event: MouseEvent) => {
    const pressed = event.target instanceof Element ? event.target.closest<HTMLElement>(".jor-to-cell") : null;
    const block = pressed?.closest(".jor-code");
    if (!pressed || !block) return;
    // The copy button beside it hears clicks on the same bar.
    event.stopPropagation();
    event.preventDefault();
    if (!busy.has(pressed)) void press(pressed, block);
  };
  root.addEventListener("click", onClick, { signal, capture: true });
}
