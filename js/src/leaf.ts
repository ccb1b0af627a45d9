/** Shows the text of paragraphs, headings and cells, again when a definition comes that it refers to. */
import type { Token } from "markdown-it";
import { type Definition, normal, takeDefinitions } from "./definitions";
import { appendInline, type Page } from "./inline";
import type { Notes } from "./notes";
import type { Block } from "./open";
import { type Env, parser } from "./parser";
import { patchChildren } from "./patch";
import { cells } from "./table";
import { complete, decided } from "./unfinished";
import { element } from "./view-element";

const LABEL = /\[((?:[^[\]\\]|\\[^]){1,999})\]/g;
const TASK = /^\[([ xX])\][ \t]+(?=\S)/;

/** A finished text that names labels which nothing has defined so far. */
interface Referring {
  node: HTMLElement;
  text: string;
  task: boolean;
}

export class Leaves {
  readonly #page: Page;
  readonly #notes: Notes;
  #definitions: NonNullable<Env["references"]> = Object.create(null);
  #referring = new Map<string, Set<Referring>>();
  #changed = new Set<Referring>();
  #ended = false;

  constructor(loaded: ReadonlySet<string>, notes: Notes) {
    this.#notes = notes;
    this.#page = { loaded, noteMark: (label) => notes.mark(label) };
  }

  reset(): void {
    this.#definitions = Object.create(null);
    this.#referring.clear();
    this.#changed.clear();
    this.#ended = false;
  }

  /** The text of a block as far as it may be shown now. */
  textOf({ text, trial, closed }: Block): string {
    if (!trial || closed) return text.trim();
    const { end } = takeDefinitions(text);
    // What follows a definition may still be its title.
    if (end && /["'(]/.test(text[end] ?? "")) return "";
    return text.slice(end, decided(text)).trim();
  }

  /** Shows a paragraph or a heading in `node`. */
  show(node: HTMLElement, block: Block): void {
    this.#write(node, this.textOf(block), block.trial && (!block.closed || block.self.trial), block.first ?? false);
  }

  /** Shows the cells of a row in `node`; those of the table's head are `th`. */
  showRow(node: HTMLElement, row: Block, tag: "th" | "td"): void {
    const texts = cells(row.text);
    const count = row.align?.length ?? 0;
    for (let at = 0; at < count; at++) {
      const cell = (node.children[at] as HTMLElement | undefined) ?? node.appendChild(element(tag, row.align?.[at] ? `jor-${row.align[at]}` : ""));
      this.#write(cell, texts[at] ?? "", row.trial && at === texts.length - 1, false);
    }
  }

  /** Says that no more definitions come: what waited for one is text. */
  end(): void {
    this.#ended = true;
    for (const known of this.#referring.values()) {
      for (const referring of known) if (referring.text.includes("][")) this.#changed.add(referring);
    }
    this.#referring.clear();
  }

  /** Takes in definitions; the first of a label counts. */
  define(definitions: readonly Definition[]): void {
    for (const { label, href, title } of definitions) {
      if (label in this.#definitions) continue;
      this.#definitions[label] = { href, title };
      for (const referring of this.#referring.get(label) ?? []) this.#changed.add(referring);
      this.#referring.delete(label);
    }
  }

  /** Shows again the finished texts that named a label before it was defined. */
  redo(): void {
    for (const { node, text, task } of this.#changed) this.#write(node, text, false, task, false);
    this.#changed.clear();
  }

  #write(node: HTMLElement, text: string, growing: boolean, task: boolean, fresh = true): void {
    const mark = task ? TASK.exec(text) : null;
    const shown = element(node.tagName.toLowerCase() as "p");
    if (mark) shown.append(mark[1] === " " ? "\u2610 " : "\u2611 ");
    const source = mark ? text.slice(mark[0].length) : text;
    const env: Env = { references: this.#definitions, waiting: !this.#ended };
    const tokens: Token[] = [];
    if (growing) {
      const { text: whole, added } = complete(source);
      parser.inline.parse(whole, parser, { ...env, added }, tokens);
    } else parser.inline.parse(source, parser, env, tokens);
    appendInline(shown, tokens, this.#page);
    patchChildren(node, shown);
    if (growing || !fresh || !text.includes("[")) return;
    if (text.includes("[^")) this.#notes.settle(node);
    if (!this.#ended) this.#remember({ node, text, task });
  }

  #remember(referring: Referring): void {
    for (const match of referring.text.matchAll(LABEL)) {
      const label = normal(match[1] ?? "");
      if (label in this.#definitions) continue;
      const known = this.#referring.get(label);
      if (known) known.add(referring);
      else this.#referring.set(label, new Set([referring]));
    }
  }
}
