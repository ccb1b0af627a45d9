/** The blocks of a document that are open, from the outermost in, and what it means to open and to close one. */
import { type Definition, takeDefinitions } from "./definitions";
import type { Align } from "./table";

export type Kind = "document" | "quote" | "list" | "item" | "note" | "paragraph" | "heading" | "code" | "html" | "math" | "rule" | "table" | "row";

/** One block; which of the optional fields it has, its kind decides. */
export interface Block {
  readonly kind: Kind;
  /** The block that this one is a copy of, or the block itself. */
  readonly self: Block;
  /** True for copies and what they open: not there to stay. */
  readonly trial: boolean;
  /** Those that are open, or have closed since they were last let go. */
  children: Block[];
  closed: boolean;
  /** How many children it ever had, and the last line, counted from 1, that is part of it. */
  count: number;
  last: number;
  /** The source of a leaf. Code and HTML are not kept: their lines are in `lines` until they are taken. */
  text: string;
  lines: string;
  /** The unfinished line at the end of code or HTML. */
  part: string;

  /** Heading. */
  level?: number;
  /** Fenced code has a sign; indented code keeps blank lines back until another line follows. */
  info?: string;
  sign?: string;
  offset?: number;
  blanks?: string;
  /** HTML: what ends it. Math: what ends it. */
  ends?: RegExp | null;
  closer?: string;
  /** Whether its own end has come, not only the end of what it is in. */
  complete?: boolean;
  ordered?: boolean;
  start?: number;
  loose?: boolean;
  /** Columns by which the content of an item or a note is indented. */
  width?: number;
  /** The paragraph that begins an item. */
  first?: boolean;
  label?: string;
  alert?: string;
  align?: readonly Align[];
  /** Cells that short rows may still be filled up with. */
  spare?: number;
}

/** Which blocks a block may hold; one that is not named holds text. */
const HOLDS: Partial<Record<Kind, (kind: Kind) => boolean>> = { list: (kind) => kind === "item", table: (kind) => kind === "row" };
for (const kind of ["document", "quote", "item", "note"] as const) HOLDS[kind] = (child) => child !== "item" && child !== "row";

function block(kind: Kind, trial: boolean, fields: Partial<Block>): Block {
  const made = { kind, trial, children: [], closed: false, count: 0, last: 0, text: "", lines: "", part: "", ...fields };
  return Object.assign(made, { self: made as unknown as Block });
}

export class OpenBlocks {
  /** Definitions in the order in which nothing could change them any more. */
  readonly definitions: Definition[] = [];
  protected path: Block[] = [block("document", false, {})];
  /** The line that is read now, counted from 1. */
  protected number = 0;
  /** How many blocks of the path the line continues. */
  protected depth = 0;
  protected trial = false;

  get root(): Block {
    return this.path[0] as Block;
  }

  /** The innermost open block. */
  get tip(): Block {
    return this.path[this.path.length - 1] as Block;
  }

  /** Closes everything. */
  end(): void {
    this.close(1);
  }

  /** Lets go of the closed blocks. */
  sweep(): void {
    for (const open of this.path) open.children = open.children.filter((child) => !child.closed);
  }

  /** Turns this into a copy of `other` whose blocks are not there to stay. */
  protected follow(other: OpenBlocks): void {
    this.number = other.number;
    this.trial = true;
    this.path = other.path.map((open) => ({ ...open, trial: true, children: [...open.children] }));
    this.path.forEach((open, at) => {
      if (at) this.path[at - 1]?.children.splice(-1, 1, open);
    });
  }

  protected closed(kind: Kind, fields: Partial<Block>): Block {
    const made = this.add(kind, fields);
    this.close(this.path.length - 1);
    return made;
  }

  /** Opens a block in the innermost block that the line continues, or in the next one out that can hold it. */
  protected add(kind: Kind, fields: Partial<Block>): Block {
    this.close(this.depth);
    while (!HOLDS[this.tip.kind]?.(kind)) this.close(this.path.length - 1);
    const parent = this.tip;
    if (parent.count && parent.last < this.number - 1) {
      const list = parent.kind === "item" ? this.path[this.path.length - 2] : parent;
      if (list?.kind === "list") list.loose = true;
    }
    const made = block(kind, this.trial, fields);
    parent.children.push(made);
    parent.count++;
    this.path.push(made);
    this.depth = this.path.length;
    this.touch();
    return made;
  }

  /** Makes the line part of the first `depth` blocks of the path. */
  protected touch(depth = this.path.length): void {
    for (let at = 0; at < depth; at++) (this.path[at] as Block).last = this.number;
  }

  /** Closes the open blocks from the innermost out, until `length` are left. */
  protected close(length: number): void {
    while (this.path.length > length) {
      const open = this.path.pop() as Block;
      open.closed = true;
      if (open.kind === "paragraph") this.define(open);
    }
  }

  /** Takes the definitions out of a paragraph that can get no more lines. */
  protected define(paragraph: Block): void {
    const { definitions, end } = takeDefinitions(paragraph.text);
    this.definitions.push(...definitions);
    paragraph.text = paragraph.text.slice(end);
  }
}

/** Whether a block of this kind holds blocks rather than text. */
export function holdsBlocks(kind: Kind): boolean {
  return kind in HOLDS;
}
