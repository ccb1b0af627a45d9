/** Writes numbers of tokens, seconds and US dollars for people; an unknown figure is left out, never 0. */
import type { Turn, Usage } from "./protocol";

const group = new Intl.NumberFormat("en-US");

function known(value: number | null | undefined): value is number {
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

function inAndOut(usage: Usage): string {
  const side = (tokens: number | undefined) => (known(tokens) ? group.format(tokens) : "unknown");
  if (!known(usage.prompt_tokens) && !known(usage.completion_tokens)) return tokenCount(usage.total_tokens);
  return `${side(usage.prompt_tokens)} \u2192 ${side(usage.completion_tokens)} tokens`;
}

/** The parts of an answer's footer, in order; parts of which nothing is known are left out. */
export function footerParts(turn: Turn): string[] {
  const usage = turn.usage ?? {};
  const ended = turn.state === "stopped" || turn.state === "cut" || turn.state === "failed" ? turn.state : "";
  return [
    turn.model ?? "",
    turn.provider ?? "",
    turn.usage ? inAndOut(usage) : "",
    turn.usage ? cost(usage.cost) || "cost unknown" : "",
    duration(turn.seconds),
    turn.finish_reason ?? "",
    ended,
  ].filter(Boolean);
}
