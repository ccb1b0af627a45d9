/**
 * Keeps the page in step with a document's blocks: what is closed is drawn once and never touched again, what is open
 * is drawn after it and changed in place.
 */
import type { CodeBlock } from "./code";
import { type Direction, directionOf } from "./direction";
import { beginsGroup, groupBehind, isLong, number } from "./groups";
import { Leaves } from "./leaf";
import { mathNode } from "./math";
import { Notes } from "./notes";
import type { Block } from "./open";
import { cutAfter, Sections } from "./sections";
import { newView, shapeOf, type View } from "./shape";
import { element } from "./view-element";
import { visible } from "./visible";
import { Widths } from "./widths";

export class Drawing {
  readonly #root: HTMLElement;
  readonly #sections: Sections;
  readonly #notes: Notes;
  readonly #leaves: Leaves;
  /** Of blocks that are open, and of what a glimpse opened last time: by its element, for whoever comes in its place. */
  readonly #views = new Map<Block, View>();
  #glimpsed = new Map<Node, View>();
  #leftover = new Map<Node, View>();
  /** Which way the container at hand runs: by its finished text, and with its unfinished text. */
  #settled: Direction = "";
  #running: Direction = "";

  constructor(root: HTMLElement, loaded: ReadonlySet<string>, signal?: AbortSignal) {
    this.#root = root;
    this.#sections = new Sections(root);
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
    this.#views.clear();
    this.#glimpsed.clear();
    this.#sections.reset();
  }

  /** Draws a document, whose blocks that are neither open nor a glimpse are finished. */
  draw(document: Block, ended: boolean): void {
    this.#notes.begin();
    this.#leftover = this.#glimpsed;
    this.#glimpsed = new Map();
    this.#sections.begin();
    for (const block of document.children) {
      if (block.kind === "note") this.#drawNote(block);
      else if (this.#visible(block)) this.#sections.put((section, last) => this.#placeOutermost(block, section, last), !block.trial);
    }
    this.#sections.cut();
    this.#notes.arrange(ended);
  }

  /** Whether a block has anything on screen; a paragraph of definitions has not. */
  #visible(block: Block): boolean {
    return block.kind !== "paragraph" || this.#leaves.textOf(block) !== "";
  }

  #children(block: Block, view: View): void {
    let { host, last, count } = view;
    for (const child of block.children) {
      if (child.kind === "note") this.#drawNote(child);
      else if (this.#visible(child)) {
        const begins = beginsGroup(block, count);
        if (begins) [host, last] = [groupBehind(host, last, block), null];
        last = this.#place(child, host, last);
        if (begins && block.kind === "list") number(last as HTMLElement, block, count);
        else if (begins && view.widths) view.widths.begin(last as HTMLTableRowElement);
        if (child.first) view.node.classList.toggle("jor-task", this.#leaves.beginsTask(child));
        count++;
        if (!child.trial) Object.assign(view, { host, last, count });
      }
    }
    cutAfter(host, last);
    if (host !== view.node && host.parentElement) cutAfter(host.parentElement, host);
  }

  /** Draws a block behind `last`, and returns its element. */
  #place(block: Block, host: HTMLElement, last: ChildNode | null): HTMLElement {
    const at = last ? last.nextSibling : host.firstChild;
    const view = this.#viewOf(block, at);
    this.#fill(block, view);
    if (!block.trial) this.#views.delete(block);
    // Filling may have put another element in its place.
    const now = last ? last.nextSibling : host.firstChild;
    if (view.node !== now) host.insertBefore(view.node, now);
    return view.node;
  }

  #placeOutermost(block: Block, section: HTMLElement, last: ChildNode | null): HTMLElement {
    const known = this.#views.get(block.self);
    this.#settled = this.#running = known?.direction ?? "";
    const node = this.#place(block, section, last);
    this.#direct(block, node);
    const view = this.#views.get(block.self);
    if (view) view.direction = this.#settled;
    return node;
  }

  /**
   * Says which way an outermost block runs. It is not `auto`: with that, each new row, item or mark would make the
   * browser look through all those before it.
   */
  #direct(block: Block, node: HTMLElement): void {
    if (block.kind === "code" || node.dir === this.#running) return;
    if (this.#running) node.dir = this.#running;
    else node.removeAttribute("dir");
  }

  #seeDirection({ text, trial }: Block): void {
    this.#running ||= directionOf(text);
    if (!trial) this.#settled ||= this.#running;
  }

  #viewOf(block: Block, at: ChildNode | null): View {
    const known = this.#views.get(block.self);
    if (known) return known;
    const left = at ? this.#leftover.get(at) : undefined;
    const view = left?.shape === shapeOf(block) ? left : newView(block);
    if (block.self.trial) this.#glimpsed.set(view.node, view);
    else if (block.trial) this.#views.set(block.self, view);
    return view;
  }

  #fill(block: Block, view: View): void {
    if (!this.#running || !this.#settled) this.#seeDirection(block);
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
    const table = view.node.firstElementChild as HTMLTableElement;
    const header = view.headed ? undefined : block.children[0];
    const rows = header ? block.children.slice(1) : block.children;
    if (header) {
      this.#seeDirection(header);
      const head = table.querySelector("thead") ?? table.insertBefore(element("thead", "", element("tr")), null);
      this.#leaves.showRow(head.firstElementChild as HTMLElement, header, "th");
      view.headed = !header.trial;
    }
    if (rows.length && !view.host.parentNode) table.append(view.host);
    if (isLong(view.count) && !view.widths && Widths.can(table)) view.widths = new Widths(table);
    view.widths?.take(false);
    this.#children({ ...block, children: rows }, view);
    if (!block.trial) view.widths?.take(true);
    if (!view.host.hasChildNodes()) view.host.remove();
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
    const view = known ?? { shape: "note", node: host, host, last: null, count: 0 };
    this.#views.set(block.self, view);
    this.#settled = this.#running = view.direction ?? "";
    this.#children(block, view);
    this.#direct(block, host);
    view.direction = this.#settled;
    if (!block.trial) this.#views.delete(block);
  }
}
