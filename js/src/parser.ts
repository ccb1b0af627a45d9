/** Makes the one Markdown parser: CommonMark, tables and strikethrough, with fixed tags, and math kept as source. */
import MarkdownIt, { type Env, type StateBlock, type StateInline } from "markdown-it";

export type { Env };

/** Tags that a model may write inline, always without attributes; `br` and `wbr` stand alone. */
export const TAGS = new Set(
  "b i u s em strong kbd samp var sub sup small mark del ins q details summary".split(" "),
);
export const VOID_TAGS = new Set(["br", "wbr"]);

const TAG = /<(\/?)([a-z]{1,7})[ \t]*(\/?)>/iy;
const LONGEST_FORMULA = 2000;

function tag(state: StateInline, silent: boolean): boolean {
  if (state.src.charCodeAt(state.pos) !== 60) return false;
  TAG.lastIndex = state.pos;
  const match = TAG.exec(state.src);
  if (!match || TAG.lastIndex > state.posMax) return false;
  const name = (match[2] ?? "").toLowerCase();
  const alone = VOID_TAGS.has(name);
  if (!alone && (!TAGS.has(name) || match[3])) return false;
  if (alone && match[1]) return false;
  if (!silent) {
    const token = state.push(alone ? "tag_void" : match[1] ? "tag_close" : "tag_open", name, 0);
    token.content = match[0];
  }
  state.pos += match[0].length;
  return true;
}

const CLOSERS: [opener: string, closer: string][] = [
  ["$$", "$$"],
  ["\\(", "\\)"],
  ["\\[", "\\]"],
];

function isBlank(char: string | undefined): boolean {
  return char === undefined || char === " " || char === "\n" || char === "\t";
}

/** Where the formula that starts at `pos` ends, or -1. A single dollar follows Pandoc: no blank inside the dollars, no digit after. */
function formulaEnd(src: string, pos: number, max: number): number {
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

function math(state: StateInline, silent: boolean): boolean {
  const code = state.src.charCodeAt(state.pos);
  if (code !== 36 && code !== 92) return false;
  const end = formulaEnd(state.src, state.pos, state.posMax);
  if (end < 0) return false;
  if (!silent) state.push("math", "", 0).content = state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

/** A line that is only `$$` or `\[`, up to the closing line or a blank one: never further, so a start can be told from its lines. */
function mathBlock(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const line = (at: number) => state.src.slice((state.bMarks[at] ?? 0) + (state.tShift[at] ?? 0), state.eMarks[at]).trimEnd();
  if ((state.sCount[start] ?? 0) - state.blkIndent >= 4) return false;
  const opener = line(start);
  if (opener !== "$$" && opener !== "\\[") return false;
  if (silent) return true;
  const closer = opener === "$$" ? "$$" : "\\]";
  let next = start + 1;
  let closed = false;
  for (; next < end && !closed; next++) {
    if (state.isEmpty(next) || (state.sCount[next] ?? 0) < state.blkIndent) break;
    closed = line(next).endsWith(closer);
  }
  state.line = next;
  const token = state.push("math_block", "", 0);
  token.content = state.getLines(start, next, state.blkIndent, false);
  token.map = [start, next];
  return true;
}

function makeParser() {
  const parser = new MarkdownIt("commonmark", { html: false, maxNesting: 60 });
  parser.enable(["table", "strikethrough"]);
  // What an address may be is decided on the resolved one, in `links`, so that structure never depends on it.
  parser.validateLink = () => true;
  parser.inline.ruler.before("escape", "math", math);
  parser.inline.ruler.before("autolink", "tag", tag);
  parser.block.ruler.before("fence", "math_block", mathBlock, { alt: ["paragraph", "reference", "blockquote", "list"] });
  return parser;
}

export const parser = makeParser();
