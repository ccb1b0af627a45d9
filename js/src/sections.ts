/** Puts the outermost blocks into sections of eight, which the browser need not lay out while they are out of view. */
import { element } from "./view-element";

const BLOCKS_IN_SECTION = 8;

/** A place for the next block: the section, the node before it, and how many blocks the section holds. */
interface Place {
  section: HTMLElement | null;
  last: ChildNode | null;
  count: number;
}

export class Sections {
  readonly #root: HTMLElement;
  /** The place behind the last block that stays, and the one behind the last block that was put. */
  #kept: Place = { section: null, last: null, count: 0 };
  #next: Place = this.#kept;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  reset(): void {
    this.#kept = { section: null, last: null, count: 0 };
  }

  /** Goes back to where the blocks end that stay. */
  begin(): void {
    this.#next = { ...this.#kept };
  }

  /** Puts the node that `place` makes for a section, behind the node it is given; `stays` says that it is finished. */
  put(place: (section: HTMLElement, last: ChildNode | null) => HTMLElement, stays: boolean): void {
    const next = this.#next;
    if (!next.section || next.count === BLOCKS_IN_SECTION) {
      if (next.section) cutAfter(next.section, next.last);
      this.#next = { section: this.#sectionAfter(next.section), last: null, count: 0 };
    }
    const { section, last, count } = this.#next;
    if (!section) return;
    this.#next = { section, last: place(section, last), count: count + 1 };
    if (stays) this.#kept = { ...this.#next };
  }

  /** Takes away what is on screen behind the last block. */
  cut(): void {
    const { section, last } = this.#next;
    for (let next = section ? section.nextSibling : this.#root.firstChild; next; ) {
      const gone = next as HTMLElement;
      next = next.nextSibling;
      if (gone.className === "jor-section") gone.remove();
    }
    if (section) cutAfter(section, last);
  }

  #sectionAfter(section: HTMLElement | null): HTMLElement {
    const next = (section ? section.nextSibling : this.#root.firstChild) as HTMLElement | null;
    if (next?.className === "jor-section") return next;
    const made = element("div", "jor-section");
    this.#root.insertBefore(made, next);
    return made;
  }
}

/** Removes the children of `host` behind `last`, or all. */
export function cutAfter(host: HTMLElement, last: ChildNode | null): void {
  for (let next = last ? last.nextSibling : host.firstChild; next; ) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}
