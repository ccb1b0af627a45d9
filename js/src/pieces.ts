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
  /** Where it ends in the text of its element, and how much of that was looked at to find its end: no more for the last. */
  end: number;
  seen: number;
}

/** The pieces of an element's text, as much of that as was looked at for them, and in vain for the next one. */
interface Long {
  pieces: Piece[];
  read: string;
  tried: number;
}

/** The length of the mark that makes a text a task, or 0. */
export function taskMark(text: string): number {
  return TASK.exec(text)?.[0].length ?? 0;
}

export class Pieces {
  readonly #reading: Reading;
  readonly #longs = new WeakMap<HTMLElement, Long>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Shows `text` in `host`, where it may have shown the beginning of it; returns the pieces that are finished now, the last one when `stays`. */
  show(host: HTMLElement, text: string, growing: boolean, task: boolean, stays: boolean): Piece[] {
    const finished: Piece[] = [];
    let before: Piece | null = null;
    if (text.length >= WINDOWS[0] || this.#longs.has(host)) {
      const long = this.#kept(host, text);
      before = long.pieces.at(-1) ?? null;
      for (let next = this.#next(host, before, text, task, long); next; next = this.#next(host, before, text, task, long)) {
        long.pieces.push((before = next));
        finished.push(next);
      }
    }
    const from = before?.end ?? 0;
    const tail: Piece = { host, before, text: text.slice(from), task: task && !from, last: null, end: text.length, seen: text.length };
    tail.last = patchBetween(host, this.#read(tail.text, tail.task, growing), before?.last ?? null);
    cutAfter(host, tail.last);
    if (stays) finished.push(tail);
    return finished;
  }

  /** Shows a finished piece again. */
  again(piece: Piece): void {
    const { host, before, text, task } = piece;
    const isLast = piece.seen === piece.end;
    if (piece.gone || isAstray(before) || (!isLast && isAstray(piece))) return;
    const until = isLast ? null : after(host, piece.last);
    piece.last = patchBetween(host, this.#read(text, task, false), before?.last ?? null, until);
    for (let next = after(host, piece.last); next && next !== until; next = after(host, piece.last)) next.remove();
  }

  /** The pieces that the text still begins with. */
  #kept(host: HTMLElement, text: string): Long {
    const long = this.#longs.get(host) ?? { pieces: [], read: "", tried: 0 };
    this.#longs.set(host, long);
    for (let last = long.pieces.at(-1) ?? null; isAstray(last) || !text.startsWith(long.read); last = long.pieces.at(-1) ?? null) {
      if (last && (!long.tried || isAstray(last))) (long.pieces.pop() as Piece).gone = true;
      long.tried = 0;
      long.read = long.read.slice(0, long.pieces.at(-1)?.seen ?? 0);
    }
    return long;
  }

  /** Shows the next piece of a text behind those before it; null where too little has come. */
  #next(host: HTMLElement, before: Piece | null, text: string, task: boolean, long: Long): Piece | null {
    const from = before?.end ?? 0;
    const rest = text.slice(from);
    const skip = task && !from ? taskMark(text) : 0;
    for (const window of WINDOWS) {
      if (rest.length < window) return null;
      if (window <= long.tried) continue;
      const tokens = this.#parse(rest.slice(skip, window), { cuts: true });
      const cut = lastCut(tokens, window - skip);
      const end = cut >= 0 ? skip + (tokens[cut]?.map?.[0] ?? 0) : window === WINDOWS[2] ? forcedCut(rest) : 0;
      long.tried = end ? 0 : window;
      long.read = text.slice(0, from + window);
      if (!end) continue;
      const piece = { host, before, text: rest.slice(0, end), task: skip > 0, last: null as ChildNode | null, end: from + end, seen: from + window };
      const shown = cut >= 0 ? this.#made(tokens.slice(0, cut), rest, skip) : this.#read(piece.text, piece.task, false);
      if (Math.floor(piece.end / SEAM) > Math.floor(from / SEAM)) shown.append(element("span", "jor-seam"));
      piece.last = patchBetween(host, shown, before?.last ?? null);
      return piece;
    }
    return null;
  }

  #read(text: string, task: boolean, growing: boolean): HTMLElement {
    const skip = task ? taskMark(text) : 0;
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

/** Whether another node has come into the place of a piece's last one, such as an image that the reader has loaded. */
function isAstray(piece: Piece | null): boolean {
  return !!piece?.last && piece.last.parentNode !== piece.host;
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
