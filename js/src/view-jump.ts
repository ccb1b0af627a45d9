/** Offers the way to the newest text of an answer that grows below what the reader sees of a notebook. */
import type { Follow } from "./view-follow";
import { button } from "./view-element";

/** Below this many pixels of unseen text there is nothing to jump to. */
const NEAR = 48;

export class JumpView {
  readonly root = button("jor-button jor-newest jor-jump", "Jump to the newest text", "\u2193 newest");
  readonly #answer: HTMLElement;
  readonly #follow: Follow;
  #shown = false;

  /** `answer` is what grows, and is asked for its place. */
  constructor(answer: HTMLElement, follow: Follow, signal: AbortSignal) {
    this.#answer = answer;
    this.#follow = follow;
    // Outputs clip what stands out of them: only the top layer is above the whole notebook.
    this.root.popover = "manual";
    this.root.addEventListener("click", () => this.#follow.toEnd(), { signal });
  }

  /** Shows or hides it; only a reader who is inside the answer and above its end is offered it. */
  take(running: boolean): void {
    const scroller = running && this.#follow.follows === false ? this.#follow.scroller() : null;
    const view = scroller?.getBoundingClientRect();
    const place = this.#answer.getBoundingClientRect();
    const wanted = !!view && place.top < view.bottom - NEAR && this.#follow.below() > NEAR && view.width > 0;
    if (wanted) {
      this.root.style.left = `${view.left + (scroller?.clientWidth ?? 0) / 2}px`;
      this.root.style.top = `${Math.min(view.bottom, innerHeight) - 44}px`;
    }
    if (wanted === this.#shown || typeof this.root.showPopover !== "function" || !this.root.isConnected) return;
    this.#shown = wanted;
    if (wanted) this.root.showPopover();
    else this.root.hidePopover();
  }
}
