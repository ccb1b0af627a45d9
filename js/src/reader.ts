/** Reads code with highlight.js: which stretches of it are keywords, strings and so on, piece after piece of one text. */
import hljs from "highlight.js/lib/core";
import type { LanguageFn } from "highlight.js";
import first from "languages:first";
import furtherNames from "languages:names";
import { KINDS } from "./colour-block";

/** The kind in which a scope of highlight.js is shown; 0 is plain, and one that is missing looks as what it stands in. */
const KIND_OF: Record<string, string> = {
  comment: "comment", quote: "comment", doctag: "comment",
  keyword: "keyword", literal: "keyword", "selector-tag": "keyword", bullet: "keyword",
  string: "string", regexp: "string", char: "string", code: "string", link: "string", addition: "added", deletion: "removed",
  number: "number", symbol: "number",
  title: "name", section: "name", "selector-class": "name", "selector-id": "name",
  built_in: "builtin", type: "builtin", class: "builtin",
  tag: "plain", name: "tag", attr: "attribute", attribute: "attribute", property: "attribute",
  meta: "meta", variable: "variable", "template-variable": "variable", subst: "plain", formula: "plain",
};
const FURTHER = new Set(furtherNames.split(" "));
const PLAIN = new Set(["text", "plaintext", "txt"]);

function kindOf(scope: string, around: number): number {
  const kind = KIND_OF[scope] ?? KIND_OF[scope.split(".")[0] as string];
  return kind === undefined ? around : kind === "plain" ? 0 : KINDS.indexOf(kind) + 1;
}

/** What highlight.js writes to: a flat list of start, end and kind, instead of HTML. */
class Flat {
  readonly list: number[] = [];
  at = 0;
  readonly #around: number[] = [];

  addText(text: string): void {
    this.#add(text.length, this.#around.at(-1) ?? 0);
  }

  startScope(name: string): void {
    this.#around.push(kindOf(name, this.#around.at(-1) ?? 0));
  }

  openNode(name: string): void {
    this.startScope(name);
  }

  endScope(): void {
    this.#around.pop();
  }

  closeNode(): void {
    this.endScope();
  }

  __addSublanguage(other: Flat): void {
    let done = 0;
    for (let at = 0; at < other.list.length; at += 3) {
      const [start, end, kind] = other.list.slice(at, at + 3) as [number, number, number];
      this.#add(start - done, 0);
      this.#add(end - start, kind);
      done = end;
    }
    this.#add(other.at - done, 0);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }

  #add(length: number, kind: number): void {
    const { list, at } = this;
    this.at += length;
    if (!kind || !length) return;
    const last = list.length - 1;
    if (list[last] === kind && list[last - 1] === at) list[last - 1] = this.at;
    else list.push(at, this.at, kind);
  }
}

hljs.configure({ __emitter: Flat } as never);
for (const [name, definition] of Object.entries(first)) hljs.registerLanguage(name, definition);

export const knows = (language: string) => !PLAIN.has(language) && !!hljs.getLanguage(language);

/** Whether the part `languages` knows it. */
export const isFurther = (language: string) => FURTHER.has(language);

export function register(languages: Record<string, LanguageFn>): void {
  for (const [name, definition] of Object.entries(languages)) if (!hljs.getLanguage(name)) hljs.registerLanguage(name, definition);
  FURTHER.clear();
}

/** Reads the next piece of a text, which begins at the start of a line; `from` is undefined for the first. */
export function read(code: string, language: string, from: unknown): { list: number[]; end: unknown } {
  const result = hljs.highlight(code, { language, ignoreIllegals: true, from } as never) as never as { _emitter: Flat; _top: unknown; _inner: unknown };
  return { list: result._emitter.list, end: { top: result._top, inner: result._inner } };
}
