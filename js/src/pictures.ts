/** Keeps the images of one model that have come, and asks for those that a view shows and that have not. */
import { imageData } from "./extras";

/** How long an image that was told of may be on its way, in milliseconds, before it is asked for. */
const ON_ITS_WAY = 1000;
const AGAIN_AT_MOST = 60_000;

export class Pictures {
  readonly #ask: (id: string) => void;
  readonly #known = new Map<string, string>();
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(ask: (id: string) => void, signal: AbortSignal) {
    this.#ask = ask;
    signal.addEventListener("abort", () => this.#waiting.forEach((timer) => clearTimeout(timer)), { once: true });
  }

  /** One image has come. */
  take({ id, mime, data }: { id: string; mime: string; data: string }): void {
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    const address = imageData(mime, data);
    if (address) this.#known.set(id, address);
  }

  /** The address of an image, or "" while it has not come. */
  address(id: string): string {
    const known = this.#known.get(id);
    if (known === undefined && !this.#waiting.has(id)) this.#wait(id, ON_ITS_WAY);
    return known ?? "";
  }

  #wait(id: string, patience: number): void {
    const timer = setTimeout(() => {
      this.#ask(id);
      if (patience < AGAIN_AT_MOST) this.#wait(id, patience * 2);
    }, patience);
    this.#waiting.set(id, timer);
  }
}
