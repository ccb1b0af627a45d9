/**
 * Shows growing Markdown: each line is read once, what is finished is never touched again, and every way of cutting a
 * text into pieces ends in the same page.
 * A finished text is shown anew only when a definition arrives that it refers to.
 */
import { answerClicks } from "./actions";
import { Blocks } from "./blocks";
import { Drawing } from "./drawing";

/** Drawing the unfinished end for longer than this, in milliseconds, is not repeated before `REST` times as long. */
const SLOW = 4;
const REST = 6;
/** About so many characters of the unfinished end, at most, are read again each time it is drawn. */
const LONGEST_END = 2048;

export class GrowingMarkdown {
  readonly root: HTMLElement;
  readonly #now: () => number;
  readonly #loaded = new Set<string>();
  readonly #drawing: Drawing;
  #blocks = new Blocks();
  /** The unfinished line that has been looked at, and the text that has not. */
  #line = "";
  #waiting = "";
  #length = 0;
  #carriageReturn = false;
  #ended = false;
  #settled = true;
  #cost = 0;
  #lastDrawn = Number.NEGATIVE_INFINITY;

  /** `now` is the clock in milliseconds by which slow drawing is spaced. */
  constructor(root: HTMLElement, { now = () => performance.now(), signal }: { now?: () => number; signal?: AbortSignal } = {}) {
    this.root = root;
    this.#now = now;
    this.#drawing = new Drawing(root, this.#loaded, signal);
    answerClicks(root, this.#loaded, signal);
  }

  /** Characters that have come, newlines counted as one. */
  get length(): number {
    return this.#length;
  }

  /** Takes in more text; `update` shows it. */
  append(text: string): void {
    if (!text) return;
    let fresh = this.#carriageReturn ? `\r${text}` : text;
    this.#carriageReturn = fresh.endsWith("\r");
    if (this.#carriageReturn) fresh = fresh.slice(0, -1);
    fresh = fresh.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
    this.#waiting += fresh;
    this.#length += fresh.length;
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

  /** Shows what has come, about `limit` more characters of it; true when something is left for another call. */
  update(limit = Number.POSITIVE_INFINITY): boolean {
    if (this.#settled) return this.#drawing.leaves.redo();
    const whole = this.#ended && this.#waiting.length <= limit;
    if (!whole && this.#cost > SLOW && this.#now() - this.#lastDrawn < REST * this.#cost) return true;
    const began = this.#now();
    const taken = this.#read(limit);
    this.#draw(whole);
    this.#lastDrawn = this.#now();
    // What the next drawing will cost: finished blocks are not drawn again.
    const open = Math.min(this.#blocks.tip.text.length + this.#line.length, LONGEST_END);
    this.#cost = ((this.#lastDrawn - began) * open) / (open + taken || 1);
    this.#settled = !this.#waiting;
    return this.#drawing.leaves.redo() || !this.#settled;
  }

  /** Forgets everything, for another text. */
  reset(): void {
    this.#drawing.reset();
    this.#blocks = new Blocks();
    this.#line = this.#waiting = "";
    this.#length = 0;
    this.#carriageReturn = this.#ended = false;
    this.#settled = true;
    this.#cost = 0;
  }

  /** Reads the whole lines of the next `limit` characters; returns how many characters those were. */
  #read(limit: number): number {
    const text = this.#waiting.slice(0, limit);
    this.#waiting = this.#waiting.slice(limit);
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#blocks.read(this.#line + text.slice(from, end));
      this.#line = "";
      from = end + 1;
    }
    this.#line += text.slice(from);
    return text.length;
  }

  #draw(whole: boolean): void {
    if (whole) {
      if (this.#line) this.#blocks.read(this.#line);
      this.#line = "";
      this.#blocks.end();
    }
    const { leaves } = this.#drawing;
    leaves.define(this.#blocks.definitions.splice(0));
    if (whole) leaves.end();
    this.#drawing.draw((whole ? this.#blocks : this.#blocks.glimpse(this.#line)).root, whole);
    this.#blocks.sweep();
  }
}
