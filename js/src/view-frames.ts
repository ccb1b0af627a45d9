/** Runs a view's work at most once for each animation frame, and again while it says that more is left. */
export class Frames {
  readonly #work: () => boolean;
  readonly #signal: AbortSignal;
  #cancel: (() => void) | null = null;

  constructor(work: () => boolean, signal: AbortSignal) {
    this.#work = work;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#cancel?.(), { once: true });
  }

  request = (): void => {
    if (this.#cancel || this.#signal.aborted) return;
    const run = () => {
      this.#cancel = null;
      if (!this.#signal.aborted && this.#work()) this.request();
    };
    if (typeof requestAnimationFrame === "function") {
      const frame = requestAnimationFrame(run);
      this.#cancel = () => cancelAnimationFrame(frame);
    } else {
      const timer = setTimeout(run, 16);
      this.#cancel = () => clearTimeout(timer);
    }
  };
}
