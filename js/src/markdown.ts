/**
 * Shows growing Markdown: only the unfinished end is parsed again, finished blocks are never touched, and every
 * way of cutting a text into pieces ends in the same DOM.
 * A finished block is built anew only when a definition arrives that it refers to.
 */
import type { Token } from "markdown-it";
import { answerClicks } from "./actions";
import { blockNode, lastInline } from "./blocks";
import { OpenFence } from "./fence";
import { type Env, parser } from "./parser";
import { patch } from "./patch";
import { type Block, countFinished, lineStarts, parseBlocks } from "./tail";
import { complete, decided } from "./unfinished";
import { element } from "./view-element";

const BLOCKS_IN_SECTION = 8;
/** A parse that took longer than this, in milliseconds, is not repeated before `REST` times as long has passed. */
const SLOW = 4;
const REST = 6;
const LABEL = /\[((?:[^[\]\\]|\\[^]){1,999})\]/g;

/** A block on screen that is not finished. */
interface Live {
  source: string;
  node: HTMLElement | null;
}

/** A finished block that names labels which nothing has defined so far. */
interface Referring {
  tokens: Token[];
  node: HTMLElement;
}

export class GrowingMarkdown {
  readonly root: HTMLElement;
  readonly #now: () => number;
  readonly #loaded = new Set<string>();
  #definitions: NonNullable<Env["references"]> = Object.create(null);
  #referring = new Map<string, Set<Referring>>();
  #section: HTMLElement | null = null;
  #inSection = 0;
  /** Text that has come and is not in a finished block; of that, `#waiting` has not been looked at yet. */
  #tail = "";
  #waiting = "";
  #carriageReturn = false;
  #live: Live[] = [];
  #fence: OpenFence | null = null;
  #ended = false;
  #settled = true;
  #cost = 0;
  #lastParse = Number.NEGATIVE_INFINITY;

  /** `now` is the clock in milliseconds by which slow parses are spaced. */
  constructor(root: HTMLElement, { now = () => performance.now(), signal }: { now?: () => number; signal?: AbortSignal } = {}) {
    this.root = root;
    this.#now = now;
    answerClicks(root, this.#loaded, signal);
  }

  /** Takes in more text; `update` shows it. */
  append(text: string): void {
    if (!text) return;
    let fresh = this.#carriageReturn ? `\r${text}` : text;
    this.#carriageReturn = fresh.endsWith("\r");
    if (this.#carriageReturn) fresh = fresh.slice(0, -1);
    this.#waiting += fresh.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
    this.#settled = false;
  }

  /** Says that no more text comes; `update` then shows the end as it is. */
  finish(): void {
    if (this.#ended) return;
    if (this.#carriageReturn) this.#waiting += "\n";
    this.#carriageReturn = false;
    this.#ended = true;
    this.#settled = false;
  }

  /** Shows what has come, at most `limit` more characters of it; true when something is left for another call. */
  update(limit = Number.POSITIVE_INFINITY): boolean {
    if (this.#settled) return false;
    this.#take(limit);
    const whole = this.#ended && !this.#waiting;
    if (this.#fence) this.#growFence(whole);
    if (!this.#fence) {
      if (!whole && this.#cost > SLOW && this.#now() - this.#lastParse < REST * this.#cost) return true;
      const began = this.#now();
      const parsed = this.#tail.length;
      this.#parse(whole);
      this.#lastParse = this.#now();
      // What the next parse will cost: finished blocks are not parsed again.
      this.#cost = ((this.#lastParse - began) * this.#tail.length) / (parsed || 1);
    }
    this.#settled = !this.#waiting;
    return !this.#settled;
  }

  /** Forgets everything, for another text. */
  reset(): void {
    this.root.replaceChildren();
    this.#definitions = Object.create(null);
    this.#referring.clear();
    this.#section = null;
    this.#inSection = 0;
    this.#tail = this.#waiting = "";
    this.#carriageReturn = this.#ended = false;
    this.#live = [];
    this.#fence = null;
    this.#settled = true;
    this.#cost = 0;
  }

  #take(limit: number): void {
    this.#tail += this.#waiting.slice(0, limit);
    this.#waiting = this.#waiting.slice(limit);
  }

  #parse(whole: boolean): void {
    const text = whole ? this.#tail : this.#tail.slice(0, decided(this.#tail));
    const env: Env = { references: Object.create(this.#definitions) };
    const blocks = parseBlocks(text, env);
    const starts = lineStarts(text, blocks);
    const finished = whole ? blocks.length : countFinished(text, blocks, starts);
    const source = (at: number) => text.slice(starts[at], starts[at + 1]);

    const learnt = this.#learn(blocks.slice(0, finished), env);
    blocks.slice(0, finished).forEach((block, at) => this.#commit(block.tokens, source(at), at));
    this.#live.splice(0, finished);
    // With no block yet, blanks that begin an unfinished line still count as its indent.
    this.#tail = this.#tail.slice(blocks.length ? starts[finished] : text.lastIndexOf("\n") + 1);
    this.#redo(learnt);

    const rest = blocks.slice(finished);
    const only = rest[0];
    if (!whole && rest.length === 1 && only && this.#openFence(only)) return;
    rest.forEach((block, at) => this.#showLive(block, source(finished + at), at, env, !whole && at === rest.length - 1));
    for (const gone of this.#live.splice(rest.length)) gone.node?.remove();
    if (this.#section && !this.#section.hasChildNodes()) {
      this.#section.remove();
      this.#section = null;
    }
  }

  /** Takes the definitions of finished blocks; returns the new labels. */
  #learn(blocks: readonly Block[], env: Env): string[] {
    const learnt: string[] = [];
    for (const token of blocks.flatMap((block) => block.tokens)) {
      const label = token.type === "reference_definition" ? String(token.meta?.label) : "";
      const definition = env.references?.[label];
      if (!label || !definition || label in this.#definitions) continue;
      this.#definitions[label] = definition;
      learnt.push(label);
    }
    return learnt;
  }

  #commit(tokens: Token[], source: string, at: number): void {
    const live = this.#live[at];
    const refers = tokens.some((token) => token.type === "inline" && token.content.includes("["));
    const same = live?.node && live.source === source && !refers && at < this.#live.length - 1;
    let node = same ? live.node : this.#build(tokens, { references: this.#definitions });
    if (node && live?.node && !same) node = patch(live.node, node) as HTMLElement;
    this.#settle(node, live?.node ?? null, at);
    if (node && refers) this.#remember(tokens, node);
  }

  /** Puts a finished node where its unfinished version was, and starts a new section after every eighth. */
  #settle(node: HTMLElement | null, old: HTMLElement | null, at: number): void {
    if (!node) {
      old?.remove();
      return;
    }
    if (!old) this.#insertLive(node, at);
    this.#inSection++;
    if (this.#inSection < BLOCKS_IN_SECTION) return;
    const following: ChildNode[] = [];
    for (let at = node.nextSibling; at; at = at.nextSibling) following.push(at);
    this.#section = null;
    this.#inSection = 0;
    if (following.length) this.#place().append(...following);
  }

  #place(): HTMLElement {
    if (!this.#section) {
      this.#section = element("div", "jor-section");
      this.root.append(this.#section);
    }
    return this.#section;
  }

  #showLive(block: Block, source: string, at: number, env: Env, last: boolean): void {
    const live = this.#live[at];
    if (live && live.source === source && !last && at < this.#live.length - 1 && !source.includes("[")) return;
    const run = last ? lastInline(block.tokens) : -1;
    const end = run < 0 ? undefined : complete((block.tokens[run] as Token).content);
    let node = this.#build(block.tokens, env, end);
    if (live?.node && node) node = patch(live.node, node) as HTMLElement;
    else if (live?.node) live.node.remove();
    else if (node) this.#insertLive(node, at);
    this.#live[at] = { source, node };
  }

  #insertLive(node: HTMLElement, at: number): void {
    const next = this.#live.slice(at + 1).find((live) => live.node)?.node;
    if (next) next.before(node);
    else this.#place().append(node);
  }

  #build(tokens: readonly Token[], env: Env, last?: string): HTMLElement | null {
    return blockNode(tokens, env, { loaded: this.#loaded }, last);
  }

  #remember(tokens: Token[], node: HTMLElement): void {
    const referring: Referring = { tokens, node };
    for (const token of tokens) {
      if (token.type !== "inline") continue;
      for (const match of token.content.matchAll(LABEL)) {
        const label = parser.utils.normalizeReference(match[1] ?? "");
        if (label in this.#definitions) continue;
        const known = this.#referring.get(label);
        if (known) known.add(referring);
        else this.#referring.set(label, new Set([referring]));
      }
    }
  }

  /** Builds anew the finished blocks that named a label before it was defined. */
  #redo(learnt: readonly string[]): void {
    const changed = new Set<Referring>();
    for (const label of learnt) {
      for (const referring of this.#referring.get(label) ?? []) changed.add(referring);
      this.#referring.delete(label);
    }
    for (const referring of changed) {
      const node = this.#build(referring.tokens, { references: this.#definitions });
      if (node) referring.node = patch(referring.node, node) as HTMLElement;
    }
  }

  /** Grows a top-level fence line by line from here on, when `block` is one whose end has not come. */
  #openFence(block: Block): boolean {
    const fence = OpenFence.from(block.tokens, this.#tail);
    if (!fence) return false;
    const old = this.#live[0]?.node;
    if (old) old.replaceWith(fence.root);
    else this.#place().append(fence.root);
    for (const gone of this.#live.splice(0)) if (gone.node !== old) gone.node?.remove();
    this.#fence = fence;
    this.#tail = this.#tail.slice(fence.taken);
    this.#growFence(false);
    return true;
  }

  #growFence(whole: boolean): void {
    const fence = this.#fence;
    if (!fence) return;
    const { used, closed } = fence.grow(this.#tail, whole);
    this.#tail = this.#tail.slice(used);
    if (!closed && !whole) return;
    this.#fence = null;
    this.#settle(fence.root, fence.root, 0);
  }
}
