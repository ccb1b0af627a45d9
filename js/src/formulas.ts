/** Finds formulas in a line of text; a single dollar follows Pandoc's rule, so that prices are none. */
import type { StateInline } from "markdown-it";

const LONGEST_FORMULA = 2000;
/** A formula whose end has not come is taken for one over so many characters, if it looks like one. */
const LONGEST_HALF = 400;
const LIKE_FORMULA = /^\$(?=[a-z\\({[|])[^$\n]*$/i;
const CLOSERS: [opener: string, closer: string][] = [
  ["$$", "$$"],
  ["\\(", "\\)"],
  ["\\[", "\\]"],
];

function isBlank(char: string | undefined): boolean {
  return char === undefined || char === " " || char === "\n" || char === "\t";
}

/** Where the formula that starts at `pos` ends, or -1. */
export function formulaEnd(src: string, pos: number, max: number): number {
  const limit = Math.min(max, pos + LONGEST_FORMULA);
  for (const [opener, closer] of CLOSERS) {
    if (!src.startsWith(opener, pos)) continue;
    const end = src.slice(0, limit).indexOf(closer, pos + 2);
    return end > pos + 2 ? end + 2 : -1;
  }
  if (src[pos] !== "$" || isBlank(src[pos + 1])) return -1;
  for (let i = pos + 1; i < limit; i++) {
    if (src[i] === "\\") i++;
    else if (src[i] === "$") return isBlank(src[i - 1]) || /\d/.test(src[i + 1] ?? "") ? -1 : i + 1;
  }
  return -1;
}

/** Whether the text from `pos` to its end is a formula that has begun. */
export function isHalfFormula(text: string, pos: number): boolean {
  const rest = text.slice(pos, pos + LONGEST_HALF + 1);
  if (rest.length > LONGEST_HALF) return false;
  const opener = CLOSERS.find(([open]) => rest.startsWith(open));
  return opener ? !rest.includes(opener[1], 2) : LIKE_FORMULA.test(rest);
}

export function math(state: StateInline, silent: boolean): boolean {
  const code = state.src.charCodeAt(state.pos);
  if (code !== 36 && code !== 92) return false;
  const end = formulaEnd(state.src, state.pos, state.posMax);
  if (end < 0) return half(state, silent);
  if (!silent) state.push("math", "", 0).content = state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

/** While a text grows, `env.added` is how many characters at its end only close what is open. */
function half(state: StateInline, silent: boolean): boolean {
  const { added } = state.env;
  if (typeof added !== "number") return false;
  const end = state.src.length - added;
  if (state.posMax < end || !isHalfFormula(state.src.slice(0, end), state.pos)) return false;
  if (end <= state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}
