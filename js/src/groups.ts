/** Puts the many rows of a table, or items of a list, into groups that the browser need not lay out while they are out of view. */
import type { Block } from "./open";
import { element } from "./view-element";

/** Rows or items in a group; an even number, since hosts shade every other row. */
const SIZE = 32;

/** Whether a block with so many children begins a group with its next one. */
export function beginsGroup({ kind }: Block, count: number): boolean {
  return count > 0 && count % SIZE === 0 && (kind === "table" || kind === "list");
}

/** Whether a table has enough rows for more than one group. */
export function isLong(count: number): boolean {
  return count >= SIZE;
}

/** The group behind `host`; a list has its first items in itself, and the groups behind them. */
export function groupBehind(host: HTMLElement, last: ChildNode | null, { kind }: Block): HTMLElement {
  if (kind === "table") return (host.nextElementSibling ?? host.parentElement?.appendChild(element("tbody"))) as HTMLElement;
  const inList = host.className !== "jor-items";
  const next = inList ? last?.nextSibling : host.nextSibling;
  if (next) return next as HTMLElement;
  const list = (inList ? host : host.parentElement) as HTMLElement;
  const group = list.appendChild(element("div", "jor-items"));
  // To who reads the page by its roles the items stand in the list itself.
  group.setAttribute("role", "none");
  list.setAttribute("role", "list");
  return group;
}

/** Says the number of the item that begins a group, where a browser would count from one again. */
export function number(item: HTMLElement, { ordered, start }: Block, count: number): void {
  const value = String((start ?? 1) + count);
  if (ordered && item.getAttribute("value") !== value) item.setAttribute("value", value);
}
