/**
 * Keeps the page in step with a document's blocks: what is closed is drawn once and never touched again, what is open
 * is drawn after it and changed in place.
 */
import { CodeBlock } from "./code";
import { Leaves } from "./leaf";
import { mathNode } from "./math";
import { Notes } from "./notes";
import type { Block } from "./open";
import { element } from "./view-element";
import { visible } from "./visible";

const BLOCKS_IN_SECTION = 8;

/** How one block is on screen. */
interface View {
  /** A block can take over the element of a glimpse of the same shape. */
  readonly shape: string;
  glimpse: boolean;
  node: HTMLElement;
  /** Where its children go, and the last of those that stay. */
  readonly host: HTMLElement;
  last: ChildNode | null;
  code?: CodeBlock;
  /** Whether a table's head is drawn. */
  headed?: boolean;
  /** Lines of HTML, and the unfinished one. */
  lines?: Text;
  part?: Text;
}

function shapeOf({ kind, level, ordered, start, alert, info, align }: Block): string {
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

export class Drawing {
  readonly #root: HTMLElement;
  readonly #notes: Notes;
  readonly #leaves: Leaves;
  #views = new WeakMap<Block, View>();
  #shown = new WeakMap<Node, View>();
  /** The section that takes the next finished block, the last node in it that stays, and how many do. */
  #section: HTMLElement | null = null;
  #last: ChildNode | null = null;
  #inSection = 0;

  constructor(root: HTMLElement, loaded: ReadonlySet<string>, signal?: AbortSignal) {
    this.#root = root;
    this.#notes = new Notes(root, signal);
    this.#leaves = new Leaves(loaded, this.#notes);
  }

  get leaves(): Leaves {
    return this.#leaves;
  }

  reset(): void {
    this.#root.replaceChildren();
    this.#notes.reset();
    this.#leaves.reset();
    this.#section = this.#last = null;
    this.#inSection = 0;
  }

  /** Draws a document, whose blocks that are neither open nor a glimpse are finished. */
  draw(document: Block, ended: boolean): void {
    this.#notes.begin();
    let section = this.#section;
    let last = this.#last;
    let count = this.#inSection;
    for (const block of document.children) {
      if (block.kind === "note") {
        this.#drawNote(block);
        continue;
      }
      if (count === BLOCKS_IN_SECTION) {
        if (section) cutAfter(section, last);
        section = this.#sectionAfter(section);
        last = null;
        count = 0;
      }
      if (!this.#visible(block)) continue;
      section ??= this.#sectionAfter(null);
      last = this.#place(block, section, last, true);
      count++;
      if (block.trial) continue;
      this.#section = section;
      this.#last = last;
      this.#inSection = count;
    }
    this.#cut(section, last);
    this.#notes.arrange(ended);
  }

  /** Takes away what is on screen after the last block. */
  #cut(section: HTMLElement | null, last: ChildNode | null): void {
    for (let next = section?.nextSibling ?? (section ? null : this.#root.firstChild); next; ) {
      const gone = next as HTMLElement;
      next = next.nextSibling;
      if (gone.className === "jor-section") gone.remove();
    }
    if (!section) return;
    cutAfter(section, last);
    if (section.hasChildNodes()) return;
    section.remove();
    if (this.#section === section) this.#section = null;
  }

  #sectionAfter(section: HTMLElement | null): HTMLElement {
    const next = (section ? section.nextSibling : this.#root.firstChild) as HTMLElement | null;
    if (next?.className === "jor-section") return next;
    const made = element("div", "jor-section");
    this.#root.insertBefore(made, next);
    return made;
  }

  /** Whether a block has anything on screen; a paragraph of definitions has not. */
  #visible(block: Block): boolean {
    return block.kind !== "paragraph" || this.#leaves.textOf(block) !== "";
  }

  #children(block: Block, view: View): void {
    let { last } = view;
    for (const child of block.children) {
      if (child.kind === "note") this.#drawNote(child);
      else if (this.#visible(child)) {
        last = this.#place(child, view.host, last);
        if (!child.trial) view.last = last;
      }
    }
    cutAfter(view.host, last);
  }

  /** Draws a block behind `last`, and returns its element. */
  #place(block: Block, host: HTMLElement, last: ChildNode | null, outermost = false): HTMLElement {
    const at = last ? last.nextSibling : host.firstChild;
    const view = this.#viewOf(block, at);
    this.#fill(block, view);
    if (outermost && !view.node.dir) view.node.dir = "auto";
    // Filling may have put another element in its place.
    const now = last ? last.nextSibling : host.firstChild;
    if (view.node !== now) host.insertBefore(view.node, now);
    return view.node;
  }

  #viewOf(block: Block, at: ChildNode | null): View {
    const known = this.#views.get(block.self);
    if (known) return known;
    const left = at ? this.#shown.get(at) : undefined;
    const view = left?.glimpse && left.shape === shapeOf(block) ? left : this.#newView(block);
    view.glimpse = block.self.trial;
    this.#views.set(block.self, view);
    this.#shown.set(view.node, view);
    return view;
  }

  #newView(block: Block): View {
    if (block.kind === "code") {
      const code = new CodeBlock(block.info ?? "");
      return { shape: shapeOf(block), glimpse: false, node: code.root, host: code.root, last: null, code };
    }
    const node = made(block);
    const view: View = { shape: shapeOf(block), glimpse: false, node, host: block.kind === "table" ? element("tbody") : node, last: null };
    if (block.kind === "html" || block.kind === "math") {
      view.lines = document.createTextNode("");
      view.part = document.createTextNode("");
      node.append(view.lines, view.part);
    }
    return view;
  }

  #fill(block: Block, view: View): void {
    switch (block.kind) {
      case "paragraph":
      case "heading":
        return this.#leaves.show(view.node, block);
      case "code":
        return this.#fillCode(block, view.code as CodeBlock);
      case "html":
        return this.#fillSource(block, view);
      case "math":
        return this.#fillMath(block, view);
      case "table":
        return this.#fillTable(block, view);
      case "row":
        return this.#leaves.showRow(view.node, block, "td");
      case "list":
        view.node.className = block.loose ? "jor-loose" : "jor-tight";
        break;
      case "quote":
        this.#nameAlert(block, view);
        break;
    }
    this.#children(block, view);
  }

  #fillCode(block: Block, code: CodeBlock): void {
    const { self } = block;
    if (self.lines) code.append(self.lines);
    self.lines = "";
    if (!block.trial) code.close();
    else code.rest(block.part);
  }

  #fillSource(block: Block, view: View): void {
    const { self } = block;
    const text = view.lines as Text;
    const next = () => (text.length ? "\n" : "");
    if (self.lines) text.appendData(next() + visible(self.lines.slice(0, -1)));
    self.lines = "";
    const part = block.part && next() + visible(block.part);
    if (view.part && view.part.data !== part) view.part.data = part;
    if (!block.trial) view.part?.remove();
  }

  /** The source of a formula, and the formula when its end has come. */
  #fillMath(block: Block, view: View): void {
    const source = block.text.trimEnd();
    if (!block.trial && block.complete) {
      const node = mathNode(source, true);
      view.node.replaceWith(node);
      view.node = node;
    } else if (view.lines && view.lines.data !== source) view.lines.data = visible(source);
  }

  #fillTable(block: Block, view: View): void {
    const table = view.node.firstElementChild as HTMLElement;
    const header = view.headed ? undefined : block.children[0];
    const rows = header ? block.children.slice(1) : block.children;
    if (header) {
      const head = table.querySelector("thead") ?? table.insertBefore(element("thead", "", element("tr")), null);
      this.#leaves.showRow(head.firstElementChild as HTMLElement, header, "th");
      view.headed = !header.trial;
    }
    this.#children({ ...block, children: rows }, view);
    if (!view.host.hasChildNodes()) view.host.remove();
    else if (!view.host.parentNode) table.append(view.host);
  }

  #nameAlert({ alert }: Block, view: View): void {
    if (!alert || view.node.className) return;
    view.node.className = `jor-alert jor-alert-${alert}`;
    view.last = element("p", "jor-alert-name", alert.charAt(0).toUpperCase() + alert.slice(1));
    view.node.prepend(view.last);
  }

  /** Draws a note once its first line is whole. */
  #drawNote(block: Block): void {
    if (block.trial && block.self.trial) return;
    const known = this.#views.get(block.self);
    const host = known?.host ?? this.#notes.place(block.label ?? "");
    const view = known ?? { shape: "note", glimpse: false, node: host, host, last: null };
    this.#views.set(block.self, view);
    this.#children(block, view);
  }
}

function cutAfter(host: HTMLElement, last: ChildNode | null): void {
  for (let next = last ? last.nextSibling : host.firstChild; next; ) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}
