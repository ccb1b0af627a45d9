/** Offers questions while a chat is empty; a click asks one. */
import { button, element, show } from "./view-element";
import { visible } from "./visible";

const MOST = 8;

export class SuggestionsView {
  readonly root = element("ul", "jor-suggestions");
  readonly #ask: (text: string) => void;
  #shown = "";

  constructor(ask: (text: string) => void) {
    this.#ask = ask;
    this.root.setAttribute("aria-label", "suggested questions");
    show(this.root, false);
  }

  take(suggestions: readonly string[], wanted: boolean): void {
    const shown = JSON.stringify(suggestions);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.root.replaceChildren(...suggestions.slice(0, MOST).map((text) => this.#offer(text)));
    }
    show(this.root, wanted && this.root.childElementCount > 0);
  }

  #offer(text: string): HTMLElement {
    const made = button("jor-suggestion", visible(text));
    made.dir = "auto";
    made.addEventListener("click", () => this.#ask(text));
    return element("li", "", made);
  }
}
