/** What can start a block, told from the first characters of a line. */
import type { Line } from "./line";
import { ownTag, parser } from "./parser";

export interface Marker {
  ordered: boolean;
  /** The sign that all items of one list share. */
  sign: string;
  start: number;
  /** Characters of the marker itself. */
  length: number;
  empty: boolean;
}

export interface Fence {
  sign: string;
  info: string;
}

export interface MathStart {
  closer: string;
  /** Whether the line that starts it also ends it. */
  closed: boolean;
}

const HEADING = /^(#{1,6})(?:[ \t]+|$)/;
const FENCE = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/s;
const UNDERLINE = /^(?:(=+)|-+)[ \t]*$/;
const RULE = /^(?:\*[ \t]*){3,}$|^(?:_[ \t]*){3,}$|^(?:-[ \t]*){3,}$/;
const ITEM = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const NOTE = /^\[\^([^\s[\]^\\]{1,100})\]:[ \t]*/;
const ALERT = /^\[!(note|tip|important|warning|caution)\][ \t]*$/i;

/** Level and text of a heading such as `## Text ##`. */
export function heading(words: string): { level: number; text: string } | null {
  const match = HEADING.exec(words);
  if (!match) return null;
  let text = words.slice(match[0].length).trimEnd();
  const signs = /#+$/.exec(text);
  if (signs && (signs.index === 0 || /[ \t]/.test(text[signs.index - 1] ?? ""))) text = text.slice(0, signs.index);
  return { level: match[1]?.length ?? 1, text: text.trim() };
}

export function fence(words: string): Fence | null {
  const match = FENCE.exec(words);
  return match ? { sign: match[1] ?? match[3] ?? "", info: parser.utils.unescapeAll((match[2] ?? match[4] ?? "").trim()) } : null;
}

/** Whether what is left of a line ends the fence that `sign` opened. */
export function endsFence(line: Line, sign: string): boolean {
  if (line.indent > 3 || line.text[line.next] !== sign[0]) return false;
  const words = line.words().trimEnd();
  return words.length >= sign.length && words === sign.charAt(0).repeat(words.length);
}

/** Whether an unfinished line may still become one that ends the fence. */
export function mayEndFence(line: Line, sign: string): boolean {
  return line.blank || (line.indent < 4 && /^(?:`+|~+)[ \t]*$/.test(line.words()) && line.text[line.next] === sign[0]);
}

/** Level of the heading that this line makes of the paragraph above it, or 0. */
export function underline(words: string): number {
  const match = UNDERLINE.exec(words);
  return match ? (match[1] ? 1 : 2) : 0;
}

export function rule(words: string): boolean {
  return RULE.test(words);
}

export function marker(words: string): Marker | null {
  const match = ITEM.exec(words);
  if (!match) return null;
  const length = match[0].length;
  return {
    ordered: match[2] !== undefined,
    sign: match[1] ?? match[3] ?? "",
    start: Number(match[2] ?? 1),
    length,
    empty: words.slice(length).trim() === "",
  };
}

/** Label of the footnote that a line starts, and the length of its mark. */
export function note(words: string): { label: string; length: number } | null {
  const match = NOTE.exec(words);
  return match ? { label: match[1] ?? "", length: match[0].length } : null;
}

/** The kind of call-out that the first line of a quote names, or "". */
export function alert(words: string): string {
  return (ALERT.exec(words)?.[1] ?? "").toLowerCase();
}

export function math(words: string): MathStart | null {
  const closer = words.startsWith("$$") ? "$$" : words.startsWith("\\[") ? "\\]" : "";
  if (!closer) return null;
  const rest = words.slice(2).trimEnd();
  if (!rest) return { closer, closed: false };
  const end = rest.indexOf(closer);
  return end > 0 && end + 2 === rest.length ? { closer, closed: true } : null;
}

const NAMES =
  "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul";
const ATTRIBUTE = "(?:[ \\t]+[a-z_:][\\w.:-]*(?:[ \\t]*=[ \\t]*(?:[^\\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)";
/** How HTML of each kind starts and ends; the last two end at a blank line, and the last never ends a paragraph. */
const HTML: [start: RegExp, end: RegExp | null][] = [
  [/^<(?:script|pre|textarea|style)(?:\s|>|$)/i, /<\/(?:script|pre|textarea|style)>/i],
  [/^<!--/, /-->/],
  [/^<\?/, /\?>/],
  [/^<![a-z]/i, />/],
  [/^<!\[CDATA\[/, /\]\]>/],
  [new RegExp(`^</?(?:${NAMES})(?:[ \\t]|/?>|$)`, "i"), null],
  [new RegExp(`^(?:<[a-z][a-z0-9-]*${ATTRIBUTE}*[ \\t]*/?>|</[a-z][a-z0-9-]*[ \\t]*>)[ \\t]*$`, "i"), null],
];

/** How the HTML that starts here ends (null: at a blank line); undefined when none does. Tags that are shown are text. */
export function html(words: string, inParagraph: boolean): RegExp | null | undefined {
  if (words[0] !== "<" || ownTag(words, 0)) return undefined;
  return (inParagraph ? HTML.slice(0, -1) : HTML).find(([start]) => start.test(words))?.[1];
}
