/** Takes link definitions, such as `[label]: address "title"`, from the start of a paragraph. */
import { parser } from "./parser";

export interface Definition {
  label: string;
  href: string;
  title: string;
}

const LABEL = /\[((?:[^[\]\\]|\\[^]){1,999})\]:/y;
const BLANKS = /[ \t]*\n?[ \t]*/y;
const LINE_END = /[ \t]*(?:\n|$)/y;

export function normal(label: string): string {
  return parser.utils.normalizeReference(label);
}

/** Where `pattern` ends when it matches at `at`, else -1. */
function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function definitionAt(text: string, from: number): { definition: Definition; end: number } | null {
  LABEL.lastIndex = from;
  const label = normal(LABEL.exec(text)?.[1] ?? "");
  if (!label) return null;
  const address = parser.helpers.parseLinkDestination(text, after(BLANKS, text, LABEL.lastIndex), text.length);
  if (!address.ok) return null;
  const definition = { label, href: parser.normalizeLink(address.str), title: "" };
  const begin = after(BLANKS, text, address.pos);
  const title = begin > address.pos ? parser.helpers.parseLinkTitle(text, begin, text.length) : null;
  const titled = title?.ok ? after(LINE_END, text, title.pos) : -1;
  if (title && titled >= 0) return { definition: { ...definition, title: title.str }, end: titled };
  const end = after(LINE_END, text, address.pos);
  return end < 0 ? null : { definition, end };
}

/** The definitions that a paragraph starts with, and where its text starts. */
export function takeDefinitions(text: string): { definitions: Definition[]; end: number } {
  const definitions: Definition[] = [];
  let end = 0;
  while (text[end] === "[") {
    const found = definitionAt(text, end);
    if (!found) break;
    definitions.push(found.definition);
    end = found.end;
  }
  return { definitions, end };
}
