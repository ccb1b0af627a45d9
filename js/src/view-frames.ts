/** Runs a view's work in animation frames: no more often than its pace allows, and again while more is left. */

/** Between two draws of a growing answer, in milliseconds: text flows for a reader, and a frame costs more than its text. */
const SEEN = 33;
const UNSEEN = 250;

/** How often a growing answer is drawn, by whether its end can be seen. */
export function paceOf(end: HTMLElement, signal: AbortSignal, onSeen: () => void): () => number {
  let seen = true;
  if (typeof IntersectionObserver === "function") {
    const observer = new IntersectionObserver(
      (entries) => {
        seen = entries.at(-1)?.isIntersecting ?? seen;
        if (seen) onSeen();
      },
      { rootMargin: "200px" },
    );
    observer.observe(end);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }
  return () => (seen ? SEEN : UNSEEN);
}

export class Frames {
  readonly #work: () => boolean;
  readonly #pace: () => number;
  readonly #signal: AbortSignal;
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | null = null;

  /** `pace` gives the milliseconds from one draw to the next; 0 for what must not wait. */
  constructor(work: () => boolean, pace: () => number, signal: AbortSignal) {
    this.#work = work;
    this.#pace = pace;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#cancel(), { once: true });
  }

  request = (): void => {
    if (this.#frame !== null || this.#signal.aborted) return;
    const wait = this.#last + this.#pace() - performance.now();
    if (wait > 8) this.#timer ??= setTimeout(this.#next, wait - 8);
    else this.#next();
  };

  #next = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.#last = performance.now();
      if (!this.#signal.aborted && this.#work()) this.#next();
    });
  };

  #cancel(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
  }
}
