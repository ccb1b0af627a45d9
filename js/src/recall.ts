/** Goes back and forth through earlier questions, as Up and Down do in an empty box; pure. */

/** All questions, the newest last, each once, at its newest place. */
export function questions(...lists: readonly (readonly string[])[]): string[] {
  const newest = new Set<string>();
  for (const text of lists.flat().reverse()) if (text.trim()) newest.add(text);
  return [...newest].reverse();
}

export class Recall {
  #list: readonly string[] = [];
  #at = 0;
  #draft = "";

  /** The question before the one that is shown, or null when there is none to go to. `shown` is the text of the box. */
  earlier(shown: string, all: readonly string[]): string | null {
    if (!this.#recalls(shown)) {
      if (shown.trim()) return null;
      this.#list = all;
      this.#at = all.length;
      this.#draft = shown;
    }
    if (this.#at === 0) return null;
    this.#at -= 1;
    return this.#list[this.#at] ?? null;
  }

  /** The question after it, at last the draft; null when none was recalled. */
  later(shown: string): string | null {
    if (!this.#recalls(shown)) return null;
    this.#at += 1;
    return this.#list[this.#at] ?? this.#draft;
  }

  /** A recalled question that was changed is a draft of its own. */
  #recalls(shown: string): boolean {
    return this.#at < this.#list.length && this.#list[this.#at] === shown;
  }
}
