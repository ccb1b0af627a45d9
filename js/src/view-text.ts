/** Reads the plain text of a rendered answer: what a reader sees, with line breaks, and without its buttons. */

const BLOCKS = new Set("P H1 H2 H3 H4 H5 H6 UL OL LI PRE BLOCKQUOTE TABLE TR DIV SECTION HR DETAILS SUMMARY".split(" "));
const CLOSE = new Set(["LI", "TR", "SUMMARY"]);

const isGroup = (node: Node) => node instanceof Element && node.className === "jor-items";

export interface Sources {
  /** The code of a block, and a formula, as they were written. */
  code(root: Element): string;
  formula(root: Element): string;
}

/** The text of what is in `root`. */
export function textOf(root: Element, sources: Sources): string {
  let text = "";
  let gap = 0;
  let marked = false;
  const add = (piece: string) => {
    if (!piece) return;
    if (text) text += "\n".repeat(gap);
    gap = 0;
    marked = false;
    text += piece;
  };
  // What follows the sign of an item stands on its line.
  const apart = (lines: number) => (gap = text && !marked ? Math.max(gap, lines) : 0);
  const walk = (node: Node, marker: string): void => {
    if (!(node instanceof Element)) return add(node.nodeType === 3 ? (node.textContent ?? "") : "");
    const { tagName } = node;
    if (node.matches("button, [role=status], .jor-code-bar, .jor-spoken")) return;
    if (tagName === "BR") return add("\n");
    if (node.matches(".jor-code")) {
      apart(2);
      add(sources.code(node));
      return void apart(2);
    }
    if (node.matches(".jor-math")) return add(sources.formula(node));
    const block = BLOCKS.has(tagName);
    const lines = CLOSE.has(tagName) || node.parentElement?.closest("li") ? 1 : 2;
    if (block) apart(lines);
    if (tagName === "LI") {
      add(marker);
      marked = true;
    }
    const ordered = tagName === "OL";
    let number = ordered ? (node as HTMLOListElement).start : 0;
    const children = Array.from(node.childNodes).flatMap((child) => (isGroup(child) ? Array.from(child.childNodes) : [child]));
    children.forEach((child) => {
      if (child instanceof Element && /^T[DH]$/.test(child.tagName) && child.previousElementSibling) add("\t");
      walk(child, ordered ? `${number}. ` : "- ");
      if (child instanceof Element && child.tagName === "LI") number++;
    });
    if (block) apart(lines);
  };
  walk(root, "");
  return text.trim();
}
