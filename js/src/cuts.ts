/** Finds where a long inline text may be cut, so that its pieces, each read by itself, are what they are in the whole. */
import type { StateInline, Token } from "markdown-it";

/** So many characters are looked at for a place to cut; where there is none, twice as many, up to the last. */
export const WINDOWS = [2048, 4096, 8192] as const;
/** What has begun with one of these signs ends within so many characters, or is none: formulas, tags, addresses of links. */
const REACH = 2000;
const BEGUN = /[$<]|\]\(/;

/** Whether a plain text may be cut in front of `at`: at the end of a line, a word or a sentence. */
function parts(src: string, at: number): boolean {
  const before = src[at - 1] ?? " ";
  if (src[at] === "\n") return !/[ \\]/.test(before);
  if (src[at] !== " ") return /[\u3001\u3002\uff0c\uff01\uff1f]/.test(before) && /\p{L}/u.test(src[at] ?? "");
  return !/[\s\\]/.test(before) && /\S/.test(src[at + 1] ?? "");
}

/** Takes the plain text up to `end`, with a mark at the last place where it may be cut, when those are asked for. */
export function takePlain(state: StateInline, end: number): void {
  const { src, pos, posMax, env } = state;
  let at = env.cuts && posMax === src.length ? end : 0;
  while (at > pos && !parts(src, at)) at--;
  if (at > pos || (at && parts(src, at))) {
    state.pending += src.slice(pos, at);
    state.push("cut", "", 0).map = [at, 0];
    state.pending += src.slice(at, end);
  } else state.pending += src.slice(pos, end);
}

/** Takes their places from the marks behind an emphasis that has begun and not ended. */
export function distrust({ delimiters, tokens, env }: StateInline): void {
  if (!env.cuts) return;
  const open = delimiters.find((one) => one.open && one.end < 0);
  if (open) for (const token of tokens.slice(open.token)) if (token.type === "cut") token.map = null;
}

/** The place among `tokens` of the last mark at which nothing is open, or -1; `length` is that of their text. */
export function lastCut(tokens: readonly Token[], length: number): number {
  /** Names of the fixed tags that are open, and "" for what Markdown has opened. */
  const open: string[] = [];
  const brackets: number[] = [];
  let links = 0;
  let from = 0;
  let found = -1;
  for (const [at, { type, tag, content, map }] of tokens.entries()) {
    if (type === "tag_open") open.push(tag);
    else if (type === "tag_close") {
      if (open.at(-1) === tag) open.pop();
    } else if (type.endsWith("_open")) open.push("");
    else if (type.endsWith("_close")) while (open.pop());
    if (type.startsWith("link_")) links += type === "link_open" ? 1 : -1;
    if (type === "cut") {
      if (!map) break;
      from = map[0];
      if (!open.length && !brackets.length) found = at;
    }
    if (links || !type.startsWith("text")) continue;
    if (from + REACH > length && (BEGUN.test(content) || (type !== "text" && /[([]/.test(content)))) break;
    if (type !== "text") continue;
    if (content.includes("`")) break;
    // Brackets that may become a link must not stand across an emphasis.
    const crossed = [...content.matchAll(/[[\]]/g)].some(([sign]) => (sign === "[" ? !brackets.push(open.length) : (brackets.pop() ?? open.length) !== open.length));
    if (crossed) break;
  }
  return found;
}

/** Where a text that nothing allows to cut is cut all the same. */
export function forcedCut(text: string): number {
  const end = WINDOWS[2] - REACH;
  const space = text.lastIndexOf(" ", end);
  return space > end / 2 ? space : end - Number(/[\udc00-\udfff]/.test(text[end] ?? ""));
}
