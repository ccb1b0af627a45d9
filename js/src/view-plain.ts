/** Shows plain text that grows, in blocks that are never touched again, so that a long one costs no more than a short one. */
import { element } from "./view-element";
import { visible } from "./visible";

/** A block ends at the first line end after so many characters, or at the latest after so many. */
const ENOUGH = 2_000;
const TOO_MUCH = 12_000;

export class PlainText {
  readonly root: HTMLElement;
  #taken = 0;
  #text = "";
  #block: Text | null = null;

  constructor(root: HTMLElement) {
    this.root = root;
  }

  /** Takes in the whole text so far, which goes on from the last one; for another text, `reset` comes first. */
  take(text: string): void {
    this.#text = text;
  }

  /** Shows at most `limit` more characters; true when more is left. */
  draw(limit: number): boolean {
    const end = Math.min(this.#text.length, this.#taken + limit);
    // Half of a surrogate pair waits for the other half.
    this.#add(this.#text.slice(this.#taken, /[\ud800-\udbff]/.test(this.#text[end - 1] ?? "") ? end - 1 : end));
    return end < this.#text.length;
  }

  reset(): void {
    this.root.replaceChildren();
    this.#taken = 0;
    this.#text = "";
    this.#block = null;
  }

  #add(piece: string): void {
    this.#taken += piece.length;
    for (let from = 0; from < piece.length; ) {
      const room = ENOUGH - (this.#block?.length ?? 0);
      const line = piece.indexOf("\n", from + Math.max(0, room)) + 1;
      const most = from + Math.max(1, TOO_MUCH - (this.#block?.length ?? 0));
      const to = Math.min(line || piece.length, piece.length, most);
      this.#grow(visible(piece.slice(from, to)));
      if ((line && to === line) || to === most) this.#block = null;
      from = to;
    }
  }

  #grow(text: string): void {
    if (!this.#block) {
      this.#block = document.createTextNode("");
      const block = element("div", "jor-plain", this.#block);
      block.dir = "auto";
      this.root.append(block);
    }
    this.#block.appendData(text);
  }
}
