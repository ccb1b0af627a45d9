/** Marks that refer to another place of the document: footnotes, and links whose definition may still come. */
import type { StateInline } from "markdown-it";

const NOTE = /\[\^([^\s[\]^\\]{1,100})\]/y;
const REFERENCE = /\[([^[\]]{1,400})\]\[(?!\^)[^[\]\\\n]{1,100}\]/y;

/** Where the footnote's mark at `pos` ends, or -1. */
export function noteMarkEnd(src: string, pos: number): number {
  NOTE.lastIndex = pos;
  return NOTE.test(src) ? NOTE.lastIndex : -1;
}

/** A footnote's mark is one whether or not the note has come, so that structure never depends on it. */
export function noteMark(state: StateInline, silent: boolean): boolean {
  if (state.src.charCodeAt(state.pos) !== 91) return false;
  const end = noteMarkEnd(state.src, state.pos);
  if (end < 0 || end > state.posMax) return false;
  if (!silent) state.push("note", "", 0).content = state.src.slice(state.pos + 2, end - 1);
  state.pos = end;
  return true;
}

/**
 * Shows `[label][name]` as its label while a definition of the name may come (`env.waiting`).
 * Behind a word it is an index, such as `a[i][j]`, and stays as it is.
 */
export function waitingReference(state: StateInline, silent: boolean): boolean {
  const { src, pos, posMax, env } = state;
  if (silent || !env.waiting || src.charCodeAt(pos) !== 91 || /[\p{L}\p{N}_\])!]/u.test(src[pos - 1] ?? "")) return false;
  REFERENCE.lastIndex = pos;
  const match = REFERENCE.exec(src);
  if (!match || REFERENCE.lastIndex > posMax) return false;
  const end = REFERENCE.lastIndex;
  state.pos = pos + 1;
  state.posMax = pos + 1 + (match[1] ?? "").length;
  state.md.inline.tokenize(state);
  state.pos = end;
  state.posMax = posMax;
  return true;
}
