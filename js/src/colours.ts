/**
 * Colours one code block, chunk of lines after chunk of lines, in idle time and near the viewport only.
 * A chunk is read from where the one before it ended, so a finished one is read once; the last one of a block that
 * still grows is read again now and then, up to its last whole line.
 */
import type { ColoursPart, State } from "./colour-kinds";
import { whenIdle } from "./idle";
import { whenNear } from "./near";
import { colourGrows, Paint } from "./paint";
import { part } from "./parts";

/** More chunks than these, or a longer one (in characters), are left plain. */
const MOST_CHUNKS = 200;
const LONGEST_CHUNK = 20_000;
/** How often, in milliseconds, the last chunk of a growing block is read again. */
const AGAIN = 200;

interface Chunk {
  text: Text;
  near: boolean;
  /** How much of the text `list` and `end` were made of, and how much is on screen in colour, in characters. */
  read: number;
  shown: number;
  list: number[];
  end: State | null;
  paint: Paint;
}

const stale = new Set<Colouring>();

function wake(): void {
  if (stale.size) whenIdle(work);
}

function work(): boolean {
  const colours = part("colours", wake);
  if (!colours) return false;
  for (const block of stale) {
    const step = block.step(colours);
    if (step === "more") return true;
    if (step === "done") stale.delete(block);
  }
  return false;
}

/** Whether the language can be read now, will be, or is not known. */
function readable(colours: ColoursPart, language: string): boolean | "later" {
  if (colours.knows(language)) return true;
  if (!colours.isFurther(language)) return false;
  const further = part("languages", wake);
  if (!further) return "later";
  colours.register(further);
  return colours.knows(language);
}

export class Colouring {
  readonly #chunks: Chunk[] = [];
  #language = "";
  #closed = false;
  #lastRead = Number.NEGATIVE_INFINITY;
  #timer = false;

  language(name: string): void {
    if (name === this.#language) return;
    this.#language = name;
    for (const chunk of this.#chunks) chunk.read = chunk.shown = -1;
    this.#wake();
  }

  /** A chunk begins, in an element of its own. */
  add(text: Text, element: Element): void {
    if (this.#chunks.length >= MOST_CHUNKS) return;
    const chunk: Chunk = { text, near: false, read: -1, shown: -1, list: [], end: null, paint: new Paint() };
    this.#chunks.push(chunk);
    whenNear(element, (near) => {
      chunk.near = near;
      if (near) return this.#wake();
      chunk.paint.clear();
      chunk.shown = -1;
      if (!this.#chunks.some((one) => one.near)) stale.delete(this);
    });
  }

  /** The last chunk has more whole lines. */
  grew(): void {
    const left = this.#lastRead + AGAIN - performance.now();
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
    this.#closed = true;
    this.#wake();
  }

  /** Reads or colours one chunk. */
  step(colours: ColoursPart): "more" | "done" | "later" {
    const known = readable(colours, this.#language);
    if (known !== true) return known || "done";
    const wanted = this.#chunks.findIndex((chunk, at) => chunk.near && chunk.shown !== chunk.text.length && this.#isDue(at));
    if (wanted < 0) return "done";
    const at = this.#chunks.findIndex((chunk, at) => at === wanted || chunk.read !== chunk.text.length);
    const chunk = this.#chunks[at] as Chunk;
    if (chunk.text.length > LONGEST_CHUNK) return "done";
    if (chunk.read !== chunk.text.length) this.#read(colours, chunk, this.#chunks[at - 1]?.end ?? null);
    if (at === wanted) {
      chunk.paint.show(chunk.text, chunk.list);
      chunk.shown = chunk.read;
    }
    return "more";
  }

  #read(colours: ColoursPart, chunk: Chunk, from: State | null): void {
    const { list, state } = colours.read(chunk.text.data, this.#language, from);
    chunk.list = list;
    chunk.end = state;
    chunk.read = chunk.text.length;
    this.#lastRead = performance.now();
  }

  /** A chunk that still grows is coloured only where that leaves its text alone. */
  #isDue(at: number): boolean {
    return this.#closed || at < this.#chunks.length - 1 || colourGrows();
  }

  #wake(): void {
    if (!this.#language || !this.#chunks.some((chunk) => chunk.near)) return;
    stale.add(this);
    wake();
  }
}
