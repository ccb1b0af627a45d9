/** Turns a node that is on screen into a new version of itself with few changes, so that selections in it survive. */

import { cutAfter } from "./sections";

/** An element that is made in one piece: equal keys mean that nothing in it has changed. */
export type Keyed = HTMLElement & { jorKey?: string };

/** Makes `old` equal to `next` and returns the node that is now in its place. */
export function patch(old: ChildNode, next: ChildNode): ChildNode {
  if (old.nodeType === Node.TEXT_NODE && next.nodeType === Node.TEXT_NODE) {
    patchText(old as Text, (next as Text).data);
    return old;
  }
  if (!(old instanceof HTMLElement) || !(next instanceof HTMLElement) || !alike(old, next)) {
    old.replaceWith(next);
    return next;
  }
  if ((next as Keyed).jorKey === undefined) patchChildren(old, next);
  return old;
}

/** Makes the children of `old` equal to those of `next`. */
export function patchChildren(old: HTMLElement, next: HTMLElement): void {
  cutAfter(old, patchBetween(old, next, null));
}

/** Puts the children of `next` behind `last`, in the place of as many up to `until`; returns the last of them. */
export function patchBetween(old: Element, next: Element, last: ChildNode | null, until: ChildNode | null = null): ChildNode | null {
  for (const child of Array.from(next.childNodes)) {
    const at = last ? last.nextSibling : old.firstChild;
    // What follows in the same text node stays, so that a selection in it does.
    if (at instanceof Text && child instanceof Text && child === next.lastChild && at.data.startsWith(child.data)) at.splitText(child.length);
    last = at && at !== until ? patch(at, child) : old.insertBefore(child, until);
  }
  return last;
}

function patchText(old: Text, data: string): void {
  if (old.data === data) return;
  if (data.startsWith(old.data)) old.appendData(data.slice(old.data.length));
  else old.data = data;
}

/** Same element with the same attributes, apart from `open`, which belongs to the reader. */
function alike(old: HTMLElement, next: HTMLElement): boolean {
  if (old.tagName !== next.tagName || (old as Keyed).jorKey !== (next as Keyed).jorKey) return false;
  if ((old as Keyed).jorKey !== undefined) return true;
  const named = (node: HTMLElement) => node.getAttributeNames().filter((name) => name !== "open");
  const names = named(next);
  return names.length === named(old).length && names.every((name) => old.getAttribute(name) === next.getAttribute(name));
}
