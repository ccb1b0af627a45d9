/**
 * Reads Markdown line by line into blocks; a block that is closed is never looked at again.
 *
 * It goes the way that CommonMark's appendix describes: each line first finds which open blocks it continues, then
 * opens new ones, and what is left of it is text. A copy can take an unfinished line without harm to the original.
 */
import { Line } from "./line";
import { type Block, holdsBlocks, OpenBlocks } from "./open";
import * as starts from "./starts";
import { cells, columns } from "./table";
import { undecided } from "./unfinished";

/** Items and quotes nest no deeper; more of their marks are text. */
const DEEPEST = 48;
/** Cells that the short rows of one table are filled up with, at most. */
const SPARE_CELLS = 65536;

export class Blocks extends OpenBlocks {
  /** A copy that has also read `part`, the beginning of a line. */
  glimpse(part: string): Blocks {
    const copy = new Blocks();
    copy.follow(this);
    if (part) copy.read(part);
    return copy;
  }

  /** Reads one line without its newline. */
  read(text: string): void {
    this.number++;
    const line = new Line(text);
    this.depth = 1;
    while (this.depth < this.path.length) {
      const open = this.path[this.depth] as Block;
      if (open.kind === "math" || open.kind === "html" || (open.kind === "code" && open.sign)) {
        if (this.#verbatim(open, line)) return;
        break;
      }
      if (!this.#continues(open, line)) break;
      this.depth++;
    }
    const open = this.path[this.depth - 1] as Block;
    if (open.kind === "code") this.#indented(open, line);
    else this.#begin(line);
  }

  #continues(open: Block, line: Line): boolean {
    switch (open.kind) {
      case "quote":
        if (line.indent > 3 || line.text[line.next] !== ">") return false;
        this.#quoteMark(line);
        this.touch(this.depth + 1);
        return true;
      case "item":
      case "note":
        if (line.blank) {
          if (open.kind === "item" && !open.count) return false;
          line.skipBlanks();
          return true;
        }
        if (line.indent < (open.width ?? 0)) return false;
        line.indentBy(open.width ?? 0);
        return true;
      case "list":
        return true;
      case "code":
        if (!line.blank && line.indent < 4) return false;
        line.indentBy(4);
        return true;
      default:
        return !line.blank;
    }
  }

  /** Gives a line to a block that takes lines as they are; false when the line is not its own. */
  #verbatim(open: Block, line: Line): boolean {
    if (open.kind === "code") {
      const sign = open.sign ?? "";
      if (this.trial ? starts.mayEndFence(line, sign) : starts.endsFence(line, sign)) {
        if (!this.trial) this.#finish(open);
        return true;
      }
      line.indentBy(Math.min(line.indent, open.offset ?? 0));
      this.#grow(open, line.rest());
      return true;
    }
    if (line.blank && (open.kind === "math" || !open.ends)) return false;
    if (open.kind === "html") {
      this.#grow(open, line.rest());
      if (open.ends?.test(line.rest())) this.#finish(open);
      return true;
    }
    open.text += `${line.words()}${this.trial ? "" : "\n"}`;
    this.touch();
    if (line.words().trimEnd().endsWith(open.closer ?? "")) this.#finish(open);
    return true;
  }

  #grow(open: Block, text: string): void {
    if (this.trial) open.part = text.replace(/[\ud800-\udbff]$/, "");
    else open.lines += `${text}\n`;
    this.touch();
  }

  #finish(open: Block): void {
    this.touch();
    open.complete = true;
    this.close(this.path.length - 1);
  }

  #indented(open: Block, line: Line): void {
    if (line.blank) {
      open.blanks += `${line.rest()}\n`;
      return;
    }
    if (!this.trial) open.lines += open.blanks;
    this.#grow(open, (this.trial ? open.blanks : "") + line.rest());
    if (!this.trial) open.blanks = "";
  }

  /** Opens the blocks that a line starts; what is left of it is text. */
  #begin(line: Line): void {
    let open = this.path[this.depth - 1] as Block;
    while (!line.blank) {
      if (this.trial && line.indent < 4 && undecided(line.words(), this.tip.kind === "paragraph")) return;
      const opened = this.#open(open, line);
      if (!opened) break;
      if (!holdsBlocks(opened.kind) || opened.kind === "table") return;
      open = opened;
    }
    this.#addText(open, line);
  }

  #addText(open: Block, line: Line): void {
    const tip = this.tip;
    const lazy = this.depth < this.path.length && tip.kind === "paragraph" && !line.blank;
    if (lazy || (open.kind === "paragraph" && !line.blank)) {
      tip.text += `${line.words()}${this.trial ? "" : "\n"}`;
      this.touch();
      return;
    }
    // A glimpsed line that is blank so far may still have words.
    if (line.blank && this.trial) return;
    this.close(this.depth);
    if (line.blank) return;
    if (open.kind === "table") {
      if (this.#row(open, line.words())) return;
      this.close(this.depth - 1);
    }
    const first = this.tip.kind === "item" && !this.tip.count;
    this.add("paragraph", { text: `${line.words()}${this.trial ? "" : "\n"}`, first });
  }

  #row(table: Block, text: string): boolean {
    const missing = (table.align?.length ?? 0) - cells(text).length;
    if (missing > 0) table.spare = (table.spare ?? 0) - missing;
    if ((table.spare ?? 0) < 0) return false;
    this.add("row", { text, align: table.align ?? [] });
    this.close(this.path.length - 1);
    return true;
  }

  /** Opens the one block that the line starts here, if it starts one. */
  #open(open: Block, line: Line): Block | null {
    const paragraph = this.tip.kind === "paragraph";
    if (line.indent >= 4) {
      if (paragraph) return null;
      line.indentBy(4);
      const code = this.add("code", { info: "", blanks: "" });
      this.#grow(code, line.rest());
      return code;
    }
    const words = line.words();
    const room = this.path.length < DEEPEST;
    if (words[0] === ">" && room) {
      const quote = this.add("quote", {});
      this.#quoteMark(line);
      return quote;
    }
    return (
      this.#openLeaf(open, line, words) ??
      (open.kind === "paragraph" ? this.#underlined(open, words) : null) ??
      (starts.rule(words) ? this.closed("rule", {}) : null) ??
      (room ? (this.#openItem(open, line, words) ?? this.#openNote(line, words)) : null)
    );
  }

  #openLeaf(open: Block, line: Line, words: string): Block | null {
    const title = starts.heading(words);
    if (title) return this.closed("heading", title);
    const fence = starts.fence(words);
    if (fence) return this.add("code", { ...fence, offset: line.indent });
    const math = starts.math(words);
    if (math) {
      const opened = this.add("math", { closer: math.closer, text: `${words.trimEnd()}\n` });
      if (math.closed) this.#finish(opened);
      return opened;
    }
    const ends = starts.html(words, this.tip.kind === "paragraph");
    if (ends !== undefined) {
      const opened = this.add("html", { ends });
      this.#grow(opened, line.rest());
      if (ends?.test(words)) this.#finish(opened);
      return opened;
    }
    const alert = open.kind === "quote" && !open.count ? starts.alert(words) : "";
    if (!alert) return null;
    open.alert = alert;
    return this.closed("paragraph", {});
  }

  /** Makes a table or a heading of the paragraph above the line. */
  #underlined(paragraph: Block, words: string): Block | null {
    const parent = this.path[this.depth - 2] as Block;
    const at = paragraph.text.lastIndexOf("\n", paragraph.text.length - 2) + 1;
    const header = paragraph.text.slice(at).trim();
    const align = columns(header, words);
    if (align) {
      paragraph.text = paragraph.text.slice(0, at);
      this.close(this.depth - 1);
      if (!at) parent.children.pop();
      const table = this.add("table", { align, spare: SPARE_CELLS });
      this.#row(table, header);
      return table;
    }
    const level = starts.underline(words);
    if (!level) return null;
    this.define(paragraph);
    if (!paragraph.text.trim()) return null;
    this.path.pop();
    parent.children.pop();
    return this.closed("heading", { level, text: paragraph.text.trim() });
  }

  #openItem(open: Block, line: Line, words: string): Block | null {
    const mark = starts.marker(words);
    if (!mark) return null;
    if (open.kind === "paragraph" && (mark.empty || (mark.ordered && mark.start !== 1))) return null;
    const before = line.indent;
    const { ordered, sign, start } = mark;
    line.skipBlanks();
    line.skip(mark.length);
    const blanks = line.indent;
    line.indentBy(mark.empty ? 0 : blanks > 4 ? 1 : blanks);
    if (mark.empty) line.skipBlanks();
    const width = before + mark.length + (mark.empty || blanks > 4 ? 1 : blanks);
    const same = open.kind === "list" && open.ordered === ordered && open.sign === sign;
    if (!same) this.add("list", { ordered, sign, start, loose: false });
    return this.add("item", { width });
  }

  #openNote(line: Line, words: string): Block | null {
    const found = starts.note(words);
    if (!found) return null;
    line.skipBlanks();
    line.skip(found.length);
    return this.add("note", { label: found.label, width: 4 });
  }
  #quoteMark(line: Line): void {
    line.skipBlanks();
    line.skip(1);
    line.indentBy(Math.min(line.indent, 1));
  }
}
