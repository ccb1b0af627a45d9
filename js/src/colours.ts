/** Has code blocks coloured in idle time: those near the viewport, whose text has grown since the last time. */
import type { Block, Chunk } from "./colour-block";
import { whenIdle } from "./idle";
import { whenNear } from "./near";
import { part } from "./parts";

/** How often, in milliseconds, the last chunk of a block that grows is read again. */
const AGAIN = 200;

const stale = new Set<Colouring>();

function wake(): void {
  if (stale.size) whenIdle(work);
}

function work(): boolean {
  const colours = part("colours", wake);
  if (!colours) return false;
  for (const block of stale) {
    const step = block.language ? colours.step(block) : "done";
    block.lastStep = performance.now();
    if (step === "more") return true;
    if (step === "done") stale.delete(block);
    else {
      const further = part("languages", wake);
      if (!further) continue;
      colours.register(further);
      return true;
    }
  }
  return false;
}

/** The colours of one code block, which grows by whole lines. */
export class Colouring implements Block {
  readonly chunks: Chunk[] = [];
  language = "";
  closed = false;
  lastStep = Number.NEGATIVE_INFINITY;
  #timer = false;

  /** Another language: what was read is read again. */
  as(language: string): void {
    if (language === this.language) return;
    this.language = language;
    for (const chunk of this.chunks) {
      chunk.clear?.();
      chunk.read = chunk.shown = -1;
    }
    this.#wake();
  }

  /** A chunk begins, in an element of its own. */
  add(text: Text, element: Element): void {
    const chunk: Chunk = { text, near: false, read: -1, shown: -1, list: [], end: undefined };
    this.chunks.push(chunk);
    whenNear(element, (near) => {
      chunk.near = near;
      if (near) return this.#wake();
      // The page's highlights would keep an element that has gone.
      chunk.clear?.();
      chunk.shown = -1;
      if (!this.chunks.some((one) => one.near)) stale.delete(this);
    });
  }

  /** The last chunk has more whole lines. */
  grew(): void {
    const left = this.lastStep + AGAIN - performance.now();
    if (left <= 0) this.#wake();
    else if (!this.#timer) {
      this.#timer = true;
      setTimeout(() => {
        this.#timer = false;
        this.#wake();
      }, left);
    }
  }

  /** No more text comes. */
  close(): void {
    this.closed = true;
    this.#wake();
  }

  #wake(): void {
    if (!this.language || !this.chunks.some((chunk) => chunk.near)) return;
    stale.add(this);
    wake();
  }
}
