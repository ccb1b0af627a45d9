/** Puts colours on a text node: highlight ranges over the plain text where the browser has them, spans where not. */
import { KINDS } from "./colour-block";
import { element } from "./view-element";

/** What is used of the CSS Custom Highlight API, which the types of the DOM know only in part. */
interface Highlights {
  get(name: string): Set<StaticRange> | undefined;
  set(name: string, highlight: Set<StaticRange>): void;
}
type HighlightMaker = new () => Set<StaticRange>;

function highlights(): Highlights | undefined {
  if (typeof StaticRange !== "function" || typeof (globalThis as { Highlight?: unknown }).Highlight !== "function") return undefined;
  return (globalThis.CSS as unknown as { highlights?: Highlights } | undefined)?.highlights;
}

/** Whether a text that still grows can be coloured: ranges leave its nodes alone. */
export function colourGrows(): boolean {
  return highlights() !== undefined;
}

/** The one highlight of the page for a kind. */
function highlight(all: Highlights, kind: number): Set<StaticRange> {
  const name = `jor-${KINDS[kind - 1]}`;
  let found = all.get(name);
  if (!found) {
    found = new (globalThis as unknown as { Highlight: HighlightMaker }).Highlight();
    all.set(name, found);
  }
  return found;
}

/** The colours of one text node. */
export class Paint {
  /** Start, end and kind of each stretch, as they are shown. */
  #list: readonly number[] = [];
  #ranges: StaticRange[] = [];

  /** Shows these stretches; those that were shown before and have not changed are left as they are. */
  show(node: Text, list: readonly number[]): void {
    const all = highlights();
    if (!all) {
      if (!this.#list.length && list.length) spans(node, list);
      this.#list = list;
      return;
    }
    let same = 0;
    while (same < this.#list.length && this.#list[same] === list[same]) same++;
    same -= same % 3;
    this.#drop(all, same / 3);
    for (let at = same; at < list.length; at += 3) {
      const [start, end, kind] = [list[at], list[at + 1], list[at + 2]] as [number, number, number];
      const range = new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end });
      highlight(all, kind).add(range);
      this.#ranges.push(range);
    }
    this.#list = list;
  }

  /** Takes the ranges back; spans stay, as they are part of the text. */
  clear(): void {
    const all = highlights();
    if (!all) return;
    this.#drop(all, 0);
    this.#list = [];
  }

  #drop(all: Highlights, from: number): void {
    for (let at = from; at < this.#ranges.length; at++) {
      highlight(all, this.#list[3 * at + 2] as number).delete(this.#ranges[at] as StaticRange);
    }
    this.#ranges.length = from;
  }
}

function spans(node: Text, list: readonly number[]): void {
  const { data } = node;
  const pieces: (string | HTMLElement)[] = [];
  let done = 0;
  for (let at = 0; at < list.length; at += 3) {
    const [start, end, kind] = [list[at], list[at + 1], list[at + 2]] as [number, number, number];
    pieces.push(data.slice(done, start), element("span", `jor-${KINDS[kind - 1]}`, data.slice(start, end)));
    done = end;
  }
  node.replaceWith(...pieces, data.slice(done));
}
