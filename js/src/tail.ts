/**
 * Cuts the unfinished end of a text into blocks, and says which of them nothing that follows can change.
 *
 * A block is finished when the next one has two whole lines: then no later line can change where it ends. (The
 * second line is for tables. Only a definition's title can reach further, so a block with a definition also
 * needs a blank line after it.)
 */
import type { Token } from "markdown-it";
import { type Env, parser } from "./parser";

export interface Block {
  tokens: Token[];
  /** First line, counted from the start of the tail. */
  line: number;
}

export function parseBlocks(text: string, env: Env): Block[] {
  const tokens: Token[] = [];
  parser.block.parse(text, parser, env, tokens);
  const blocks: Block[] = [];
  for (const token of tokens) {
    if (token.level === 0 && token.nesting >= 0) blocks.push({ tokens: [token], line: token.map?.[0] ?? 0 });
    else blocks.at(-1)?.tokens.push(token);
  }
  return blocks;
}

/** Where each block's first line begins in the text; one more for the text's end. */
export function lineStarts(text: string, blocks: readonly Block[]): number[] {
  const starts: number[] = [];
  let line = 0;
  let at = 0;
  for (const block of blocks) {
    for (; line < block.line; line++) at = text.indexOf("\n", at) + 1;
    starts.push(at);
  }
  starts.push(text.length);
  return starts;
}

/** How many blocks from the first on are finished. */
export function countFinished(text: string, blocks: readonly Block[], starts: readonly number[]): number {
  for (let count = blocks.length - 1; count > 0; count--) {
    const start = starts[count] ?? 0;
    const second = text.indexOf("\n", start) + 1;
    if (!second || text.indexOf("\n", second) < 0) continue;
    const defines = blocks[count - 1]?.tokens.some((token) => token.type === "reference_definition");
    if (!defines || /\n[ \t]*\n$/.test(text.slice(Math.max(0, start - 200), start))) return count;
  }
  return 0;
}
