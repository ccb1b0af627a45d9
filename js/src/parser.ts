/** Makes the one parser of inline Markdown: CommonMark's and GitHub's, with fixed tags, formulas and footnotes. */
import MarkdownIt, { type Env, type StateInline } from "markdown-it";
import { bareAddress, plainText } from "./bare";
import { distrust } from "./cuts";
import { math } from "./formulas";
import { noteMark, waitingReference } from "./marks";
import { coded, decoded } from "./percent";

export type { Env };

/** Tags that a model may write inline, always without attributes; `br` and `wbr` stand alone. */
export const TAGS = new Set(
  "b i u s em strong kbd samp var sub sup small mark del ins q details summary".split(" "),
);
export const VOID_TAGS = new Set(["br", "wbr"]);

const TAG = /<(\/?)([a-z]{1,7})[ \t]*(\/?)>/iy;

/** A tag that a model may write. */
export interface OwnTag {
  source: string;
  name: string;
  kind: "tag_void" | "tag_close" | "tag_open";
}

export function ownTag(src: string, pos: number): OwnTag | null {
  TAG.lastIndex = pos;
  const [source = "", slash, written = "", end] = TAG.exec(src) ?? [];
  const name = written.toLowerCase();
  if (VOID_TAGS.has(name)) return slash ? null : { source, name, kind: "tag_void" };
  return TAGS.has(name) && !end ? { source, name, kind: slash ? "tag_close" : "tag_open" } : null;
}

function tag(state: StateInline, silent: boolean): boolean {
  if (state.src.charCodeAt(state.pos) !== 60) return false;
  const found = ownTag(state.src, state.pos);
  if (!found || state.pos + found.source.length > state.posMax) return false;
  if (!silent) state.push(found.kind, found.name, 0).content = found.source;
  state.pos += found.source.length;
  return true;
}

function makeParser() {
  const parser = new MarkdownIt({ html: true, maxNesting: 60 });
  // What an address may be is decided on the resolved one, in `links`, so that structure never depends on it.
  parser.validateLink = () => true;
  parser.normalizeLink = coded;
  parser.normalizeLinkText = decoded;
  parser.inline.ruler.at("text", plainText);
  parser.inline.ruler.after("text", "bare_address", bareAddress);
  parser.inline.ruler.before("escape", "math", math);
  parser.inline.ruler.before("link", "note", noteMark);
  parser.inline.ruler.after("link", "waiting_reference", waitingReference);
  parser.inline.ruler.before("autolink", "tag", tag);
  parser.inline.ruler2.before("fragments_join", "cuts", distrust);
  return parser;
}

export const parser = makeParser();
