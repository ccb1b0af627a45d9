/** The models that can be chosen in a chat, asked of the kernel when a list of them is first opened, and again when old. */
import type { Failure, ModelCard } from "./protocol";

/** How long a list is good for, in milliseconds. */
const FRESH = 10 * 60_000;

export interface Listed {
  models: readonly ModelCard[];
  error: Failure | null;
}

export class Catalogue {
  models: readonly ModelCard[] = [];
  error: Failure | null = null;
  loading = false;
  readonly #ask: () => Promise<Listed>;
  readonly #watchers = new Set<() => void>();
  #at = Number.NEGATIVE_INFINITY;

  /** `ask` gets the list from the kernel; what it throws is shown. */
  constructor(ask: () => Promise<Listed>) {
    this.#ask = ask;
  }

  /** Calls `watcher` after every change until `signal` aborts. */
  watch(watcher: () => void, signal: AbortSignal): void {
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }

  /** Asks for the list where there is none that is whole and fresh; an old one stays until the new one has come. */
  open(): void {
    const fresh = !this.error && performance.now() - this.#at < FRESH;
    if (!this.loading && !fresh) void this.#load();
  }

  async #load(): Promise<void> {
    this.loading = true;
    this.#tell();
    try {
      const { models, error } = await this.#ask();
      const usable = Array.isArray(models) ? models.filter((one) => typeof one?.slug === "string").map(card) : [];
      if (usable.length) this.models = usable;
      this.error = error ?? null;
      this.#at = performance.now();
    } catch (error) {
      this.error = { type: "Error", message: `The list of models did not come: ${error instanceof Error ? error.message : String(error)}.`, remedy: "Type a slug, or open the list again." };
    }
    this.loading = false;
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

function card(model: ModelCard): ModelCard {
  const strings = (list: unknown) => (Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : []);
  return { ...model, name: typeof model.name === "string" && model.name ? model.name : model.slug, takes: strings(model.takes), gives: strings(model.gives) };
}
