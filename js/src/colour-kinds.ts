/** The kinds of stretches that code is coloured by, and what the part that reads code offers. */
import type { LanguageFn } from "highlight.js";

/** Each has a colour in parts.css. */
export const KINDS: readonly string[] = "comment keyword string number name builtin tag attribute meta variable added removed".split(" ");

/** Where the reading of a text may go on; opaque. */
export interface State {
  readonly top: unknown;
  readonly inner: unknown;
}

export interface Read {
  /** Start, end and kind (its place in `KINDS`, from 1) of each stretch, one after another. */
  list: number[];
  state: State;
}

export interface ColoursPart {
  knows(language: string): boolean;
  /** Whether the part `languages` knows it. */
  isFurther(language: string): boolean;
  register(languages: Record<string, LanguageFn>): void;
  /** Reads the next piece of a text, which begins at the start of a line; `from` is null for the first. */
  read(code: string, language: string, from: State | null): Read;
}
