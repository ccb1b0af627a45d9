/** Finds addresses that stand bare in a text, by GitHub's rules for where they end. */
import type { StateInline } from "markdown-it";
import { takePlain } from "./cuts";

const START = /(?:https?:\/\/|www\.)(?=[\p{L}\p{N}])/iuy;
const BEFORE = /[^a-z0-9]/i;
const BEFORE_WWW = /[\s*_~(["'\u2018\u201c]/;
/** No address is longer; it also bounds what is looked at from each place where one could start. */
const BODY = /[^\s<>`"[\]\\]{1,2000}/y;
const HOST = /^(?:https?:\/\/)?(?:[\p{L}\p{N}_-]+\.)*[\p{L}\p{N}-]+(?::\d{1,5})?(?=[/?#]|$)/iu;
const MAIL = /(?<![\w.+/:-])[a-z0-9][\w.+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])/gi;

/** Whether an address could start at `pos`. */
function startsAt(src: string, pos: number): boolean {
  const code = src.charCodeAt(pos) | 32;
  if (code !== 104 && code !== 119) return false;
  START.lastIndex = pos;
  return START.test(src) && (code === 104 ? BEFORE : BEFORE_WWW).test(src[pos - 1] ?? " ");
}

/** The address without what ends the sentence around it. */
function trimmed(found: string): string {
  let end = found.length;
  let open = 0;
  for (const char of found) open += char === "(" ? 1 : char === ")" ? -1 : 0;
  for (; end > 0; end--) {
    const char = found[end - 1] as string;
    if (char === ")") {
      if (open >= 0) break;
      open++;
    } else if (char === ";") {
      const entity = /&[a-z0-9]{1,31};$/i.exec(found.slice(Math.max(0, end - 33), end));
      if (!entity) break;
      end -= entity[0].length - 1;
    } else if (!/[?!.,:*_~']/.test(char)) break;
  }
  return found.slice(0, end);
}

export function bareAddress(state: StateInline, silent: boolean): boolean {
  if (state.linkLevel > 0 || !startsAt(state.src, state.pos)) return false;
  BODY.lastIndex = state.pos;
  const found = BODY.exec(state.src.slice(0, state.posMax))?.[0] ?? "";
  const text = trimmed(found);
  if (!HOST.test(text)) return false;
  if (!silent) {
    // One that may still grow is text so far: a link at each step would be another one.
    const shown = state.md.utils.unescapeAll(text);
    if (typeof state.env.added === "number" && state.pos + found.length + state.env.added >= state.src.length) state.pending += shown;
    else pushLink(state, shown);
  }
  state.pos += text.length;
  return true;
}

function pushLink(state: StateInline, text: string): void {
  const address = /^www\./i.test(text) ? `http://${text}` : text;
  state.push("link_open", "a", 1).attrs = [["href", state.md.normalizeLink(address)]];
  state.push("text", "", 0).content = text;
  state.push("link_close", "a", -1);
}

const STOPS = new Set(Array.from("\n!#$%&*+-:<=>@[\\]^_`{}~", (char) => char.charCodeAt(0)));

/** Takes plain text up to the next character, or bare address, that may mean something. */
export function plainText(state: StateInline, silent: boolean): boolean {
  const { src, posMax } = state;
  let pos = state.pos;
  while (pos < posMax && !STOPS.has(src.charCodeAt(pos)) && !startsAt(src, pos)) pos++;
  if (pos === state.pos) return false;
  if (!silent) takePlain(state, pos);
  state.pos = pos;
  return true;
}

/** A text cut at its mail addresses; each second piece is one. */
export function cutAtMail(text: string): string[] {
  if (!text.includes("@")) return [text];
  const pieces: string[] = [];
  let from = 0;
  for (const match of text.matchAll(MAIL)) {
    pieces.push(text.slice(from, match.index), match[0]);
    from = match.index + match[0].length;
  }
  return [...pieces, text.slice(from)];
}
