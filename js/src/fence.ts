/** Grows the code of a fence that is still open, line by line, without parsing it again. */
import type { Token } from "markdown-it";
import { CodeBlock } from "./code";

/** Whether a line ends a fence that `markup` opened. */
export function closesFence(line: string, markup: string): boolean {
  const match = /^ {0,3}(`+|~+)[ \t]*$/.exec(line);
  return !!match && match[1]?.[0] === markup[0] && (match[1]?.length ?? 0) >= markup.length;
}

export class OpenFence {
  readonly root: HTMLElement;
  /** Characters of the source up to and with the line that opened the fence. */
  readonly taken: number;
  readonly #code: CodeBlock;
  readonly #markup: string;
  readonly #undecided: RegExp;

  private constructor(token: Token, taken: number) {
    this.#code = new CodeBlock(token.info);
    this.root = this.#code.root;
    this.taken = taken;
    this.#markup = token.markup;
    this.#undecided = new RegExp(`^ {0,3}${token.markup[0]}*[ \\t]*$`);
  }

  /** The fence, when the block that `source` starts with is one whose end has not come; only unindented ones. */
  static from(tokens: readonly Token[], source: string): OpenFence | null {
    const token = tokens[0];
    const end = source.indexOf("\n");
    if (token?.type !== "fence" || end < 0 || !source.startsWith(token.markup)) return null;
    const lines = source.split("\n");
    return lines.slice(1).some((line) => closesFence(line, token.markup)) ? null : new OpenFence(token, end + 1);
  }

  /** Takes whole lines from `text` up to a closing one; when `whole`, the end of the text too. */
  grow(text: string, whole: boolean): { used: number; closed: boolean } {
    let used = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", used)) {
      if (closesFence(text.slice(used, end), this.#markup)) {
        this.#code.append(text.slice(0, used));
        this.#code.close();
        return { used: end + 1, closed: true };
      }
      used = end + 1;
    }
    this.#code.append(text.slice(0, used));
    const rest = text.slice(used);
    if (!whole) {
      this.#code.rest(this.#undecided.test(rest) ? "" : rest.replace(/[\ud800-\udbff]$/, ""));
      return { used, closed: false };
    }
    // Blanks after the last newline are no line to the parser.
    if (rest.trim() && !closesFence(rest, this.#markup)) this.#code.append(rest);
    this.#code.close();
    return { used: text.length, closed: true };
  }
}
