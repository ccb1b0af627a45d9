/** The lazy parts of the page: asks a kernel for each one when it is first needed, and tells who waits when it has come. */
import type { ColoursPart } from "./colour-block";
import type { ChatPart } from "./kit";
import type { LazyPart } from "./protocol";
import { shelf } from "./shelf";

export interface MathPart {
  /** The formula as MathML that is safe to show; throws a sentence that says what is wrong with it. */
  typeset(tex: string, display: boolean): Element;
  /** Puts what is selected in `root` on the clipboard with its formulas as `sourceOf` has them; false when it has none. */
  copy(event: ClipboardEvent, root: HTMLElement, sourceOf: (formula: Element) => string): boolean;
}

interface Parts {
  chat: ChatPart;
  math: MathPart;
  colours: ColoursPart;
  languages: Parameters<ColoursPart["register"]>[0];
}

/** A live widget, through which its kernel can be asked. */
export interface Asker {
  ask(part: LazyPart): void;
  /** False while the kernel is known to be deaf. */
  hears(): boolean;
}

/** After how long, in milliseconds, an unanswered request is made again; each wait is four times the one before. */
const PATIENCE = 5_000;
const LONGEST = 80_000;
/** So many requests are made by themselves; later ones when a view opens or a cell has ended. */
const TRIES = 4;

interface Wanted {
  then: Set<() => void>;
  tries: number;
  timer?: ReturnType<typeof setTimeout> | undefined;
}

const askers = new Set<Asker>();
const wanted = new Map<LazyPart, Wanted>();

const place = <K extends LazyPart>(name: K) => shelf<{ default: Parts[K] }>(`${name}/${PART_IDS[name]}`);

/** The part, if it is there. */
export function arrived<K extends LazyPart>(name: K): Parts[K] | null {
  return place(name).now?.default ?? null;
}

/** The part, if it is there; else it is asked for, and `then` is called once when it has come. */
export function part<K extends LazyPart>(name: K, then: () => void): Parts[K] | null {
  const there = arrived(name);
  if (there) return there;
  const known = wanted.get(name);
  if (known) known.then.add(then);
  else {
    wanted.set(name, { then: new Set([then]), tries: 0 });
    const waiting = place(name).ready.then(() => tell(name));
    waiting.catch(() => wanted.delete(name)); // whoever needs it next asks again
    ask(name);
  }
  return null;
}

function tell(name: LazyPart): void {
  const want = wanted.get(name);
  wanted.delete(name);
  clearTimeout(want?.timer);
  for (const then of want?.then ?? []) then();
}

function ask(name: LazyPart): void {
  const want = wanted.get(name);
  if (!want || want.timer) return;
  const asker = [...askers].find((one) => one.hears());
  if (!asker) return;
  // The next request goes through another widget: this one's kernel may be busy or gone.
  askers.delete(asker);
  askers.add(asker);
  asker.ask(name);
  want.timer = setTimeout(() => {
    want.timer = undefined;
    if (want.tries < TRIES) ask(name);
  }, Math.min(LONGEST, PATIENCE * 4 ** want.tries++));
}

/** Makes requests again that nobody could take so far: a view has opened, or a cell has ended. */
export function askAgain(): void {
  for (const name of wanted.keys()) ask(name);
}

/** Takes in a part that a kernel has sent; one of another version is ignored. */
export function takePart(name: unknown, id: unknown, gzip: BlobPart | undefined): void {
  if (typeof name !== "string" || !Object.hasOwn(PART_IDS, name)) return;
  if (gzip && PART_IDS[name as LazyPart] === id) place(name as LazyPart).take(gzip);
}

/** Lets requests go through this widget until the returned function is called. */
export function offer(asker: Asker): () => void {
  askers.add(asker);
  askAgain();
  return () => {
    askers.delete(asker);
    if (askers.size) return;
    for (const want of wanted.values()) {
      clearTimeout(want.timer);
      want.timer = undefined;
      want.tries = 0;
    }
  };
}
