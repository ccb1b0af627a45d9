/**
 * The lazy part that colours code: reads the chunks of a block in turn, each from where the one before it ended, and
 * paints those that are near the viewport.
 */
import type { Block, ColoursPart } from "./colour-block";
import { colourGrows, Paint } from "./paint";
import palette from "./palette.css";
import { isFurther, knows, read, register } from "./reader";

/** More chunks than these, and what follows a longer one (in characters), are left plain. */
const MOST_CHUNKS = 200;
const LONGEST_CHUNK = 10_000;
/** The longest line, in characters: the rules of some languages take as many steps as its square, or its cube. */
const LONGEST_LINE = 1_000;

const isTooLong = (code: string) => code.length > LONGEST_CHUNK || code.split("\n").some((line) => line.length > LONGEST_LINE);

/** The documents and shadow roots that have the colours. */
const dressed = new WeakSet<Node>();

function dress(text: Node): void {
  const root = text.getRootNode() as Node & { head?: Node; host?: Element };
  const place = root.head ?? (root.host ? root : null);
  if (!place || dressed.has(root)) return;
  dressed.add(root);
  const style = document.createElement("style");
  style.textContent = palette;
  place.appendChild(style);
}

const paints = new WeakMap<object, Paint>();

function step({ chunks, language, closed }: Block): "more" | "done" | "further" {
  if (!knows(language)) return isFurther(language) ? "further" : "done";
  // A chunk that still grows is coloured only where that leaves its text alone.
  const isDue = (at: number) => at < MOST_CHUNKS && (closed || at < chunks.length - 1 || colourGrows());
  const wanted = chunks.findIndex((chunk, at) => chunk.near && chunk.shown !== chunk.text.length && isDue(at));
  const at = chunks.findIndex((chunk, at) => at === wanted || chunk.read !== chunk.text.length);
  const chunk = chunks[at];
  if (wanted < 0 || !chunk) return "done";
  if (chunk.read !== chunk.text.length) {
    if (isTooLong(chunk.text.data)) return "done";
    Object.assign(chunk, read(chunk.text.data, language, chunks[at - 1]?.end));
    chunk.read = chunk.text.length;
  }
  if (at !== wanted) return "more";
  dress(chunk.text);
  const paint = paints.get(chunk) ?? new Paint();
  paints.set(chunk, paint);
  chunk.clear = () => paint.clear();
  paint.show(chunk.text, chunk.list);
  chunk.shown = chunk.read;
  return "more";
}

const colours: ColoursPart = { step, register };

export default colours;
