/** What the core and the part that colours share: a code block as chunks of lines, and the kinds of stretches in it. */
import type { LanguageFn } from "highlight.js";

/** Each has a colour in parts.css. */
export const KINDS: readonly string[] = "comment keyword string number name builtin tag attribute meta variable added removed".split(" ");

/** A few dozen lines in one text node. */
export interface Chunk {
  text: Text;
  near: boolean;
  /** How much of the text was read, and how much is on screen in colour, in characters; -1 for nothing. */
  read: number;
  shown: number;
  /** Start, end and kind (its place in `KINDS`, from 1) of each stretch, one after another. */
  list: number[];
  /** Where the reading goes on in the next chunk; opaque. */
  end: unknown;
  /** Takes the colours off the screen. */
  clear?: () => void;
}

export interface Block {
  readonly chunks: Chunk[];
  /** As the fence names it, in small letters. */
  language: string;
  /** Whether its text is whole. */
  closed: boolean;
}

export interface ColoursPart {
  /** Reads or paints one chunk; says whether more is left, or that the further languages are needed first. */
  step(block: Block): "more" | "done" | "further";
  register(languages: Record<string, LanguageFn>): void;
}
