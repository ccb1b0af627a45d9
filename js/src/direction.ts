/** Finds which way a block is read, by the first letter in it that has a direction. */

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

function firstLetter(node: Node): string {
  for (const child of node.childNodes) {
    // What has a direction of its own, as code has, says nothing about the text around it.
    const own = child.nodeType === Node.ELEMENT_NODE && (child as Element).hasAttribute("dir");
    const found = child.nodeType === Node.TEXT_NODE ? LETTER.exec((child as Text).data)?.[0] : own ? "" : firstLetter(child);
    if (found) return found;
  }
  return "";
}

/**
 * The direction of a block. Not `dir="auto"`: with that the browser looks through the whole block again at each
 * node that is put into it, which takes seconds for some thousand list items.
 */
export function directionOf(block: Node): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(firstLetter(block)) ? "rtl" : "ltr";
}
