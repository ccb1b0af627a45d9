/** Shows a model's reasoning: open while it runs, folded with its length and seconds when the answer begins. */
import { thoughtFor, Words } from "./figures";
import { element, setText, show } from "./view-element";
import { Follow, ownEnd } from "./view-follow";
import { PlainText } from "./view-plain";

export class ThoughtView {
  readonly root = element("details", "jor-fold jor-thought");
  readonly #summary = element("summary", "jor-fold-summary");
  readonly #box = element("div", "jor-fold-box jor-thought-text");
  readonly #text = new PlainText(this.#box);
  readonly #follow: Follow;
  #words = new Words();
  #counted = 0;
  /** How we left it, or null once the reader has opened or closed it, by whatever way: then it is the reader's. */
  #left: boolean | null = false;

  constructor(signal: AbortSignal) {
    this.root.append(this.#summary, this.#box);
    this.#box.tabIndex = 0;
    this.#box.setAttribute("role", "region");
    this.#box.setAttribute("aria-label", "reasoning");
    this.#follow = new Follow(ownEnd(this.#box), signal, true);
    show(this.root, false);
  }

  /** `thinking` while nothing of the answer itself has come; `seconds` so far or in all, null where unknown. */
  take(thought: string, thinking: boolean, seconds: number | null): void {
    show(this.root, thought !== "");
    if (!thought) return;
    this.#text.take(thought);
    this.#words.add(thought.slice(this.#counted));
    this.#counted = thought.length;
    setText(this.#summary, thoughtFor(seconds, this.#words, thinking));
    this.root.classList.toggle("jor-running", thinking);
    if (this.#left !== null && this.root.open !== this.#left) this.#left = null;
    if (this.#left !== null) this.#left = this.root.open = thinking;
  }

  draw(limit: number): boolean {
    const more = this.#text.draw(limit);
    if (this.root.open) this.#follow.keep();
    return more;
  }

  reset(): void {
    this.#text.reset();
    this.#words = new Words();
    this.#counted = 0;
    this.#left = this.root.open;
  }
}
