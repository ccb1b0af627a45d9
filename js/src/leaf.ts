/** Shows the text of paragraphs, headings and cells, again when a definition comes that it refers to. */
import { type Definition, normal, takeDefinitions } from "./definitions";
import type { Notes } from "./notes";
import type { Block } from "./open";
import { type Piece, Pieces, type Reading, taskMark, within } from "./pieces";
import { cells } from "./table";
import { decided } from "./unfinished";
import { element } from "./view-element";

const LABEL = /\[((?:[^[\]\\]|\\[^]){1,999})\]/g;

/** So much finished text, in characters, is shown again at a time. */
const AGAIN = 8_000;

export class Leaves {
  readonly #notes: Notes;
  readonly #reading: Reading;
  readonly #pieces: Pieces;
  /** Finished text that names labels which nothing has defined so far. */
  #referring = new Map<string, Set<Piece>>();
  #changed = new Set<Piece>();

  constructor(loaded: ReadonlySet<string>, notes: Notes) {
    this.#notes = notes;
    const page = { loaded, noteMark: (label: string) => notes.mark(label) };
    this.#reading = { page, references: Object.create(null), waiting: true };
    this.#pieces = new Pieces(this.#reading);
  }

  reset(): void {
    Object.assign(this.#reading, { references: Object.create(null), waiting: true });
    this.#referring.clear();
    this.#changed.clear();
  }

  /** The text of a block as far as it may be shown now. */
  textOf({ text, trial, closed }: Block): string {
    if (!trial || closed) return text.trim();
    const { end } = takeDefinitions(text);
    // What follows a definition may still be its title.
    if (end && /["'(]/.test(text[end] ?? "")) return "";
    return text.slice(end, decided(text)).trim();
  }

  /** Shows a paragraph or a heading in `node`. */
  show(node: HTMLElement, block: Block): void {
    this.#write(node, this.textOf(block), block.trial && (!block.closed || block.self.trial), block);
  }

  /** Whether an item that begins with this block is a task. */
  beginsTask(block: Block): boolean {
    return !!block.first && taskMark(this.textOf(block)) > 0;
  }

  /** Shows the cells of a row in `node`; those of the table's head are `th`. */
  showRow(node: HTMLElement, row: Block, tag: "th" | "td"): void {
    const texts = cells(row.text);
    const count = row.align?.length ?? 0;
    for (let at = 0; at < count; at++) {
      const cell = (node.children[at] as HTMLElement | undefined) ?? node.appendChild(element(tag, row.align?.[at] ? `jor-${row.align[at]}` : ""));
      this.#write(cell, texts[at] ?? "", row.trial && at === texts.length - 1, row);
    }
  }

  /** Says that no more definitions come: what waited for one is text. */
  end(): void {
    this.#reading.waiting = false;
    for (const known of this.#referring.values()) {
      for (const referring of known) if (referring.text.includes("][")) this.#changed.add(referring);
    }
    this.#referring.clear();
  }

  /** Takes in definitions; the first of a label counts. */
  define(definitions: readonly Definition[]): void {
    const { references } = this.#reading;
    for (const { label, href, title } of definitions) {
      if (label in references) continue;
      references[label] = { href, title };
      for (const referring of this.#referring.get(label) ?? []) this.#changed.add(referring);
      this.#referring.delete(label);
    }
  }

  /** Shows again finished texts that named a label before it was defined; true when some are left. */
  redo(): boolean {
    let left = AGAIN;
    for (const piece of this.#changed) {
      if (left <= 0) return true;
      left -= piece.text.length;
      this.#changed.delete(piece);
      // Its marks may be other nodes then.
      this.#notes.drop(within(piece, "jor-mark"));
      this.#pieces.again(piece);
      this.#notes.settle(within(piece, "jor-mark"));
    }
    return false;
  }

  #write(node: HTMLElement, text: string, growing: boolean, { first = false, trial }: Block): void {
    // What a glimpse has closed may go on after all.
    for (const piece of this.#pieces.show(node, text, growing, first, !trial)) {
      if (piece.text.includes("[^")) this.#notes.settle(within(piece, "jor-mark"));
      if (this.#reading.waiting && piece.text.includes("[")) this.#remember(piece);
    }
  }

  #remember(referring: Piece): void {
    for (const match of referring.text.matchAll(LABEL)) {
      const label = normal(match[1] ?? "");
      if (label in this.#reading.references) continue;
      const known = this.#referring.get(label);
      if (known) known.add(referring);
      else this.#referring.set(label, new Set([referring]));
    }
  }
}
