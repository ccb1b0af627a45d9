/** Writes numbers of tokens, seconds and US dollars for people; an unknown figure is left out, never 0. */
import type { Usage } from "./protocol";

const group = new Intl.NumberFormat("en-US");

export function known(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

export function tokenCount(tokens: number | null | undefined): string {
  return known(tokens) ? `${group.format(Math.round(tokens))} token${tokens === 1 ? "" : "s"}` : "";
}

export function duration(seconds: number | null | undefined): string {
  if (!known(seconds)) return "";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Two digits that count: `$0.0012`, `$1.50`. */
export function cost(dollars: number | null | undefined): string {
  if (!known(dollars)) return "";
  if (dollars === 0) return "free";
  if (dollars >= 0.1) return `$${dollars.toFixed(2)}`;
  if (dollars < 1e-6) return "< $0.000001";
  return `$${dollars.toFixed(Math.min(8, 1 - Math.floor(Math.log10(dollars)))).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

export function inAndOut(usage: Usage): string {
  const side = (tokens: number | undefined) => (known(tokens) ? group.format(tokens) : "unknown");
  if (!known(usage.prompt_tokens) && !known(usage.completion_tokens)) return tokenCount(usage.total_tokens);
  return `${side(usage.prompt_tokens)} \u2192 ${side(usage.completion_tokens)} tokens`;
}

/** The parts of a sum over answers, in order; of `unknown` answers the cost is not in it. */
export function totalParts(totals: Usage & { unknown?: number; uncharged?: number }): string[] {
  const unknown = known(totals.unknown) ? totals.unknown : 0;
  const more = unknown ? `cost of ${group.format(unknown)} ${unknown === 1 ? "answer" : "answers"} unknown` : "";
  const anything = known(totals.prompt_tokens) || known(totals.completion_tokens) || known(totals.total_tokens);
  const play = totals.uncharged ? `${cost(totals.uncharged)} (not charged)` : "";
  const paid = play && !totals.cost ? "" : cost(totals.cost);
  return anything || unknown ? [inAndOut(totals), paid, play, more].filter(Boolean) : [];
}

/** Counts the words of a text that comes in pieces. */
export class Words {
  #words = 0;
  #characters = 0;
  #inside = false;

  add(piece: string): void {
    if (!piece) return;
    const found = piece.match(/\S+/g) ?? [];
    const goesOn = this.#inside && /^\S/.test(piece);
    this.#words += found.length - (goesOn ? 1 : 0);
    this.#characters += piece.length;
    this.#inside = /\S$/.test(piece);
  }

  /** Such as "1,340 words"; characters for scripts that put no blanks between words. */
  toString(): string {
    if (this.#characters > 12 * this.#words) return `${group.format(this.#characters)} characters`;
    return `${group.format(this.#words)} word${this.#words === 1 ? "" : "s"}`;
  }
}

/** What a folded reasoning says of itself. */
export function thoughtFor(seconds: number | null, words: Words, thinking: boolean): string {
  const time = known(seconds) && seconds > 0 ? (seconds < 10 ? duration(seconds) : duration(Math.round(seconds)).replace(".0 s", " s")) : "";
  if (thinking) return ["thinking\u2026", time].filter(Boolean).join(" ");
  return [`thought${time ? ` for ${time}` : ""}`, String(words)].join(", ");
}

/** Bytes for people: `340 kB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (!known(bytes)) return "";
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
