/** Keeps the end of what grows in sight while the reader is there, and never pulls a reader back who went elsewhere. */

/** How near to the end, in pixels, a reader counts as having come back to it. */
const NEAR = 48;
/** For so long after a reader's wheel, finger or key, in milliseconds, a move is the reader's and not the host's. */
const READERS = 1000;
/** For so many frames after a jump its end is looked at again. */
const ALIGNED = 4;
/** For so long after something was drawn, in milliseconds, the heights of what is out of view are guesses that may still change. */
const GUESSED = 1000;
/** So much later than the move itself, in milliseconds, its wheel or key may be heard. */
const LATE = 300;
const KEYS: Record<string, number> = { ArrowUp: -1, PageUp: -1, Home: -1, ArrowDown: 1, PageDown: 1, End: 1, " ": 0 };

/** Where something grows: what scrolls it, and how far its end is below what can be seen of it, in pixels. */
export interface Growing {
  /** Where its scroll events are heard. */
  heard: EventTarget;
  scroller(): HTMLElement | null;
  below(scroller: HTMLElement): number;
  /** Told whether the end is followed. */
  settle?(follows: boolean): void;
}

/** Something that scrolls within itself. */
export function ownEnd(box: HTMLElement): Growing {
  return {
    heard: box,
    scroller: () => box,
    below: () => box.scrollHeight - box.scrollTop - box.clientHeight,
    // What is above the end may still change its height: then the end is to stay, not what is in view.
    settle: (follows) => (box.style.overflowAnchor = follows ? "none" : ""),
  };
}

/** Something inside of what the host scrolls, such as an output in a notebook. */
export function endInHost(root: HTMLElement): Growing {
  let found: HTMLElement | null = null;
  let looked = Number.NEGATIVE_INFINITY;
  const scroller = () => {
    // A short notebook does not scroll yet, and a view may be moved to another place.
    if (found?.isConnected && found.contains(root)) return found;
    if (performance.now() - looked < 500) return null;
    looked = performance.now();
    return (found = scrollerOf(root));
  };
  const below = (outer: HTMLElement) => root.getBoundingClientRect().bottom - bottomOf(outer);
  // A browser holds what follows an answer in its place and moves the answer: not under a reader who went up in it.
  const settle = (follows: boolean) => {
    if (found) found.style.overflowAnchor = !follows && below(found) > -found.clientHeight ? "none" : "";
  };
  return { heard: document, scroller, below, settle };
}

function scrollerOf(node: HTMLElement): HTMLElement | null {
  for (let outer = node.parentElement; outer && outer !== document.documentElement; outer = outer.parentElement) {
    const scrolls = /auto|scroll|overlay/.test(getComputedStyle(outer).overflowY);
    if (scrolls && outer.scrollHeight > outer.clientHeight + 1 && outer.clientHeight > 0) return outer;
  }
  const page = document.scrollingElement;
  return page instanceof HTMLElement && page.scrollHeight > page.clientHeight + 1 ? page : null;
}

function bottomOf(scroller: HTMLElement): number {
  if (scroller === document.scrollingElement) return scroller.clientHeight;
  return scroller.getBoundingClientRect().top + scroller.clientTop + scroller.clientHeight;
}

export class Follow {
  /** Whether the reader is at the end; null until that was first looked at. */
  follows: boolean | null;
  readonly #where: Growing;
  readonly #onChange: () => void;
  #top = 0;
  /** Of what scrolls, in pixels, when the end was last looked at. */
  #height = 0;
  #drawn = Number.NEGATIVE_INFINITY;
  /** A pressed pointer selects text or drags a scroll bar: nothing may move under it. */
  #pressed = false;
  #moved = Number.NEGATIVE_INFINITY;
  /** When it last went up, and nobody had asked for it yet: a busy page hears of a wheel after what that has done. */
  #rose = Number.NEGATIVE_INFINITY;
  /** Which way that was: -1 up, 1 down, 0 either. */
  #way = 0;

  /** `follows` is true for what is to be shown from its end. */
  constructor(where: Growing, signal: AbortSignal, follows: true | null, onChange: () => void = () => undefined) {
    this.#where = where;
    this.follows = follows;
    this.#onChange = onChange;
    const passive = { signal, capture: true, passive: true };
    where.heard.addEventListener("scroll", (event) => this.#onScroll(event.target), passive);
    where.heard.addEventListener("pointerdown", (event) => this.#onPress(event.target), passive);
    signal.addEventListener("abort", () => where.settle?.(true), { once: true });
    const onMove = (event: Event) => {
      const way = event instanceof KeyboardEvent ? KEYS[event.key] : event instanceof WheelEvent ? Math.sign(event.deltaY) : 0;
      if (way === undefined) return;
      this.#way = way;
      this.#moved = performance.now();
      if (way < 0 && this.#moved - this.#rose < LATE) this.#leave();
    };
    for (const name of ["wheel", "touchmove", "keydown"]) where.heard.addEventListener(name, onMove, passive);
  }

  /** To be called after something has grown; `drawn` is false where only its layout has changed. */
  keep(drawn = true): void {
    if (drawn) this.#drawn = performance.now();
    const scroller = this.#where.scroller();
    if (!scroller) return;
    if (this.follows === null) {
      this.#top = scroller.scrollTop;
      this.follows = this.#isAtEnd(scroller);
    }
    this.#where.settle?.(this.follows);
    if (!this.follows || this.#pressed) return;
    const below = this.#where.below(scroller);
    if (below > 0) scroller.scrollTop += below;
    this.#top = scroller.scrollTop;
    this.#height = scroller.scrollHeight;
  }

  scroller(): HTMLElement | null {
    return this.#where.scroller();
  }

  /** Pixels of what has grown that are below the reader's view; 0 where nothing scrolls. */
  below(): number {
    const scroller = this.#where.scroller();
    return scroller ? this.#where.below(scroller) : 0;
  }

  toEnd(): void {
    this.follows = true;
    this.#pressed = false;
    this.keep();
    this.#onChange();
    this.#align(ALIGNED);
  }

  /** What was never drawn has a guessed height, and another one once it comes into view. */
  #align(frames: number): void {
    requestAnimationFrame(() => {
      const scroller = this.#where.scroller();
      if (!scroller || !this.follows || this.#pressed) return;
      scroller.scrollTop += this.#where.below(scroller);
      this.#top = scroller.scrollTop;
      if (frames > 1) this.#align(frames - 1);
    });
  }

  #leave(): void {
    this.follows = false;
    this.#where.settle?.(false);
    this.#onChange();
  }

  #onPress(target: EventTarget | null): void {
    if (!(target instanceof Node) || !this.#where.scroller()?.contains(target)) return;
    this.#pressed = true;
    const release = new AbortController();
    const onRelease = () => {
      this.#pressed = false;
      release.abort();
    };
    for (const end of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(end, onRelease, { signal: release.signal, capture: true });
  }

  /** Near the end, and not far beyond it. */
  #isAtEnd(scroller: HTMLElement): boolean {
    const below = this.#where.below(scroller);
    return below <= NEAR && below > -scroller.clientHeight;
  }

  #onScroll(target: EventTarget | null): void {
    const scroller = this.#where.scroller();
    if (!scroller || (target !== scroller && !(target === document && scroller === document.scrollingElement))) return;
    const by = scroller.scrollTop - this.#top;
    this.#top = scroller.scrollTop;
    const readers = this.#pressed || performance.now() - this.#moved < READERS;
    // A reader who goes up has left the end at the first pixel. What shrinks moves up, too, but is at its very end.
    const shrunk = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight <= 1;
    // Only a reader's own way down leads back; what the host moves can at most take the end out of sight.
    const way = this.#pressed ? 0 : this.#way;
    if (!readers && by < 0 && !shrunk) this.#rose = performance.now();
    // What was drawn, shrank and has grown again before this was heard moved by itself: its end is still to be looked for.
    const moved = by < -1 && (performance.now() - this.#drawn > GUESSED || scroller.scrollHeight === this.#height);
    if (readers && by < 0 && way <= 0 && !shrunk) this.follows = false;
    else if (this.follows ? moved : readers && by > 0 && way >= 0) this.follows = this.#isAtEnd(scroller);
    else if (this.follows) this.follows = this.#where.below(scroller) > -scroller.clientHeight;
    this.#where.settle?.(this.follows === true);
    this.#onChange();
  }
}
