/** Turns a node that is on screen into a new version of itself with few changes, so that selections in it survive. */

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
  if (old.dir !== next.dir) old.dir = next.dir;
  const fresh = Array.from(next.childNodes);
  let at = old.firstChild;
  for (const child of fresh) {
    if (at) at = patch(at, child).nextSibling;
    else old.append(child);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
  return old;
}

function patchText(old: Text, data: string): void {
  if (old.data === data) return;
  if (data.startsWith(old.data)) old.appendData(data.slice(old.data.length));
  else old.data = data;
}

/** Same element with the same attributes, apart from `open`, which belongs to the reader, and `dir`, which is set anew. */
function alike(old: HTMLElement, next: HTMLElement): boolean {
  if (old.tagName !== next.tagName) return false;
  const named = (node: HTMLElement) => node.getAttributeNames().filter((name) => name !== "open" && name !== "dir");
  const names = named(next);
  return names.length === named(old).length && names.every((name) => old.getAttribute(name) === next.getAttribute(name));
}
