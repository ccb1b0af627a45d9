/** Which element a block gets, and which blocks could have the same one. */
import { CodeBlock } from "./code";
import type { Direction } from "./direction";
import type { Block } from "./open";
import { element } from "./view-element";
import type { Widths } from "./widths";

/** How one block is on screen. */
export interface View {
  /** A block can take over the element of a glimpse of the same shape. */
  readonly shape: string;
  node: HTMLElement;
  /** Where its next child goes, the last of those that stay, and how many do. */
  host: HTMLElement;
  last: ChildNode | null;
  count: number;
  code?: CodeBlock;
  /** Which way the finished text in a container runs. */
  direction?: Direction;
  /** Whether a table's head is drawn. */
  headed?: boolean;
  /** The columns of a long table. */
  widths?: Widths | undefined;
  /** Lines of HTML, and the unfinished one. */
  lines?: Text;
  part?: Text;
}

export function shapeOf({ kind, level, ordered, start, alert, info, align }: Block): string {
  return [kind, level, ordered && start, alert, info, align].join(" ");
}

function made(block: Block): HTMLElement {
  switch (block.kind) {
    case "quote":
      return element("blockquote");
    case "list": {
      const list = element(block.ordered ? "ol" : "ul");
      if (block.ordered && block.start !== 1) list.setAttribute("start", String(block.start));
      return list;
    }
    case "item":
      return element("li");
    case "heading":
      return element(`h${block.level ?? 1}` as "h1");
    case "rule":
      return element("hr");
    case "row":
      return element("tr");
    case "table":
      return element("div", "jor-table", element("table"));
    case "html":
      return element("div", "jor-html");
    case "math":
      return element("div", "jor-math");
    default:
      return element("p");
  }
}

/** A block's element, empty so far. */
export function newView(block: Block): View {
  if (block.kind === "code") {
    const code = new CodeBlock(block.info ?? "");
    return { shape: shapeOf(block), node: code.root, host: code.root, last: null, count: 0, code };
  }
  const node = made(block);
  const view: View = { shape: shapeOf(block), node, host: block.kind === "table" ? element("tbody") : node, last: null, count: 0 };
  if (block.kind === "html" || block.kind === "math") {
    view.lines = document.createTextNode("");
    view.part = document.createTextNode("");
    node.append(view.lines, view.part);
  }
  return view;
}
