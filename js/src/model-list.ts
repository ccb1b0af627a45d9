/** Finds models by words, the best match first, and says which of them cannot serve, and why; pure. */
import type { ModelCard } from "./protocol";

const NOT_FOUND = 5;

/** How near a model is to the words of a query: 0 is the slug itself, 5 is not found. Python's `closeness` goes the same way. */
export function closeness({ slug, name }: ModelCard, query: string): number {
  const [path, title] = [slug.toLowerCase(), name.toLowerCase()];
  const short = path.slice(path.lastIndexOf("/") + 1);
  if (query === path) return 0;
  if (query === short || query === short.split(":")[0]) return 1;
  if ([path, short, title, title.split(": ")[1] ?? ""].some((part) => part.startsWith(query))) return 2;
  const both = `${path} ${title}`;
  const words = both.match(/[\p{L}\p{N}]+/gu) ?? [];
  const wanted = query.split(" ");
  if (wanted.every((want) => words.some((word) => word.startsWith(want)))) return 3;
  return wanted.every((want) => both.includes(want)) ? 4 : NOT_FOUND;
}

/** The models in which every word of the query is found; those that cannot serve come last. */
export function found(models: readonly ModelCard[], typed: string, needed: ReadonlySet<string>): ModelCard[] {
  const query = typed.toLowerCase().trim().split(/\s+/).join(" ");
  const ranked = models
    .map((model, at) => ({ model, at, near: query ? closeness(model, query) : 0, unfit: unfit(model, needed) ? 1 : 0 }))
    .filter(({ near }) => near < NOT_FOUND);
  return ranked.sort((a, b) => a.unfit - b.unfit || a.near - b.near || a.at - b.at).map(({ model }) => model);
}

const NAMED: Record<string, string> = { image: "images", audio: "sound", file: "files" };
const named = (modality: string) => NAMED[modality] ?? modality;

/** Why a model cannot serve what is attached; "" when it can, and where what it takes is unknown. */
export function unfit({ takes }: ModelCard, needed: ReadonlySet<string>): string {
  if (!takes.length) return "";
  const missing = [...needed].filter((modality) => !takes.includes(modality));
  return missing.length ? `takes no ${missing.map(named).join(" and no ")}` : "";
}

/** Up to three digits that count, as prices are written: `$0.15`, `$2.50`, `$30`. */
export function price(dollars: number): string {
  if (dollars === 0) return "$0";
  if (dollars < 0.01) return `$${Number(dollars.toPrecision(2))}`;
  return `$${dollars.toFixed(2).replace(/\.00$/, "")}`;
}

/** For a million tokens in and out: "free", "$0.15 → $0.60", or "" when unknown. */
export function prices({ prompt, completion }: ModelCard): string {
  if (prompt === undefined && completion === undefined) return "";
  if (prompt === 0 && completion === 0) return "free";
  const side = (dollars: number | undefined) => (dollars === undefined ? "?" : price(dollars));
  return `${side(prompt)} \u2192 ${side(completion)}`;
}

/** Tokens for people: `8k`, `128k`, `1M`. */
export function contextSize(tokens: number | undefined): string {
  if (!tokens) return "";
  if (tokens >= 1e6) return `${(tokens / 1e6).toFixed(1).replace(/\.0$/, "")}M`;
  return tokens >= 1000 ? `${Math.round(tokens / 1000)}k` : String(tokens);
}

/** What a model can do beside reading and writing text, in few words. */
export function abilities({ context, takes, gives, reasoning }: ModelCard): string[] {
  const seen = takes.filter((modality) => modality !== "text").map(named);
  const made = gives.filter((modality) => modality !== "text").map(named);
  return [
    context ? `${contextSize(context)} context` : "",
    seen.length ? `takes ${seen.join(", ")}` : "",
    made.length ? `makes ${made.join(", ")}` : "",
    reasoning ? "reasoning" : "",
  ].filter(Boolean);
}
