/** Shows the text of one element, a long one in pieces: those that are finished are not read again. */
import type { Token } from "markdown-it";
import { forcedCut, lastCut, WINDOWS } from "./cuts";
import { appendInline, type Page } from "./inline";
import { type Env, parser } from "./parser";
import { patchBetween } from "./patch";
import { cutAfter } from "./sections";
import { complete } from "./unfinished";
import { element } from "./view-element";

export type References = NonNullable<Env["references"]>;

const TASK = /^\[([ xX])\][ \t]+(?=\S)/;

/** After about so many characters a line ends, so that the browser lays out what follows by itself. */
const SEAM = 6000;

/** What is the same for all texts of a document. */
export interface Reading {
  readonly page: Page;
  references: References;
  /** Whether definitions may still come. */
  waiting: boolean;
}

/** A stretch of finished text, and the last of its nodes. */
export interface Piece {
  readonly host: HTMLElement;
  readonly before: Piece | null;
  readonly text: string;
  readonly task: boolean;
  last: ChildNode | null;
  /** Another text has taken its place. */
  gone?: boolean;
  /** Where it ends in the text of its element, and how much of that was looked at to find its end. */
  end: number;
  seen: number;
}

/** The pieces of an element's text, and as much of that as was looked at for them. */
interface Long {
  pieces: Piece[];
  read: string;
}

export function isTask(text: string): boolean {
  return TASK.test(text);
}

export class Pieces {
  readonly #reading: Reading;
  readonly #longs = new WeakMap<HTMLElement, Long>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Shows `text` in `host`, where it may have shown the beginning of it; returns the pieces that are finished now. */
  show(host: HTMLElement, text: string, growing: boolean, task: boolean): Piece[] {
    const long = this.#kept(host, text);
    const finished: Piece[] = [];
    let before = long?.pieces.at(-1) ?? null;
    for (let from = before?.end ?? 0; text.length - from >= WINDOWS[0]; from = (before as Piece).end) {
      const found = this.#next(text.slice(from), task && !from);
      if (!found) break;
      const [length, seen, shown] = found;
      before = { host, before, text: text.slice(from, from + length), task: task && !from, last: null, end: from + length, seen: from + seen };
      if (Math.floor(before.end / SEAM) > Math.floor(from / SEAM)) shown.append(element("span", "jor-seam"));
      before.last = patchBetween(host, shown, before.before?.last ?? null);
      finished.push(before);
      const known = this.#longs.get(host);
      if (known) known.pieces.push(before);
      else this.#longs.set(host, { pieces: [before], read: "" });
      (this.#longs.get(host) as Long).read = text.slice(0, before.seen);
    }
    const from = before?.end ?? 0;
    const tail: Piece = { host, before, text: text.slice(from), task: task && !from, last: null, end: text.length, seen: text.length };
    tail.last = patchBetween(host, this.#read(tail.text, tail.task, growing), before?.last ?? null);
    cutAfter(host, tail.last);
    if (!growing) finished.push(tail);
    return finished;
  }

  /** Shows a finished piece again. */
  again(piece: Piece): void {
    if (piece.gone) return;
    const { host, before, text, task } = piece;
    const until = after(host, piece.last);
    piece.last = patchBetween(host, this.#read(text, task, false), before?.last ?? null, until);
    for (let next = after(host, piece.last); next && next !== until; next = after(host, piece.last)) next.remove();
  }

  /** The pieces that the text still begins with. */
  #kept(host: HTMLElement, text: string): Long | undefined {
    const long = this.#longs.get(host);
    while (long?.pieces.length && !text.startsWith(long.read)) {
      (long.pieces.pop() as Piece).gone = true;
      long.read = long.read.slice(0, long.pieces.at(-1)?.seen ?? 0);
    }
    return long;
  }

  /** The first piece of a text: its length, how much was looked at, and what it shows; null where too little has come. */
  #next(text: string, task: boolean): [length: number, seen: number, shown: HTMLElement] | null {
    const skip = task ? (TASK.exec(text)?.[0].length ?? 0) : 0;
    for (const window of WINDOWS) {
      if (text.length < window) return null;
      const tokens = this.#parse(text.slice(skip, window), { cuts: true });
      const cut = lastCut(tokens, window - skip);
      if (cut >= 0) return [skip + (tokens[cut]?.map?.[0] ?? 0), window, this.#made(tokens.slice(0, cut), text, skip)];
    }
    const length = forcedCut(text);
    return [length, WINDOWS[3], this.#read(text.slice(0, length), task, false)];
  }

  #read(text: string, task: boolean, growing: boolean): HTMLElement {
    const skip = task ? (TASK.exec(text)?.[0].length ?? 0) : 0;
    const source = text.slice(skip);
    const { text: whole, added } = growing ? complete(source) : { text: source };
    return this.#made(this.#parse(whole, growing ? { added } : {}), text, skip);
  }

  #parse(text: string, more: object): Token[] {
    const tokens: Token[] = [];
    const { references, waiting } = this.#reading;
    parser.inline.parse(text, parser, { references, waiting, ...more }, tokens);
    return tokens;
  }

  /** The nodes of tokens; `skip` is the length of the mark of a task in front of them. */
  #made(tokens: readonly Token[], text: string, skip: number): HTMLElement {
    const shown = element("span");
    if (skip) shown.append(element("span", "jor-tick", text[1] === " " ? "\u2610" : "\u2611"), " ");
    appendInline(shown, tokens, this.#reading.page);
    return shown;
  }
}

/** The node behind `last`, or the first one. */
function after(host: Element, last: ChildNode | null): ChildNode | null {
  return last ? last.nextSibling : host.firstChild;
}

/** The elements of a piece that have this class. */
export function* within({ host, before, last }: Piece, name: string): Iterable<Element> {
  const end = last?.nextSibling ?? null;
  for (let at = after(host, before?.last ?? null); at !== end && at; at = at.nextSibling) {
    if (!(at instanceof HTMLElement)) continue;
    if (at.className === name) yield at;
    else yield* at.querySelectorAll(`.${name}`);
  }
}
