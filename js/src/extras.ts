/** Folds what comes beside an answer's text: refusal, tool calls, images, citations; pure, and wary of every field. */
import type { Citation, Extras, MadeImage, Piece, ToolCall } from "./protocol";

export interface Beside {
  refusal: string;
  tool_calls: readonly ToolCall[];
  images: readonly MadeImage[];
  citations: readonly Citation[];
}

export const NOTHING: Beside = { refusal: "", tool_calls: [], images: [], citations: [] };

/** Whether it is empty, whoever made it: the lazy part `chat` has a `NOTHING` of its own. */
export function isNothing({ refusal, tool_calls, images, citations }: Beside): boolean {
  return !refusal && !tool_calls.length && !images.length && !citations.length;
}

/** The addresses of images that may be shown as they are; their bytes came from the kernel, which has looked at them. */
const SHOWN = /^image\/(png|jpeg|gif|webp)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list<T>(value: unknown, read: (item: Record<string, unknown>) => T): T[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) => read(item && typeof item === "object" ? (item as Record<string, unknown>) : {}));
}

function call(item: Record<string, unknown>): ToolCall {
  return { name: text(item.name), arguments: text(item.arguments) };
}

function image(item: Record<string, unknown>): MadeImage {
  if (typeof item.id === "string") return { id: item.id, mime: text(item.mime), bytes: Number(item.bytes) || 0 };
  return typeof item.url === "string" ? { url: item.url } : { note: text(item.note) };
}

function citation(item: Record<string, unknown>): Citation {
  return { url: text(item.url), title: text(item.title) };
}

/** What a trait or a turn holds. */
export function beside(extras: Extras | null | undefined): Beside {
  if (!extras || !Object.keys(extras).some((name) => name !== "sent")) return NOTHING;
  return {
    refusal: text(extras.refusal),
    tool_calls: list(extras.tool_calls, call),
    images: list(extras.images, image),
    citations: list(extras.citations, citation),
  };
}

/** `held` with the pieces put in their places; null when one does not continue what is held. */
export function extended(held: Beside, pieces: readonly Piece[]): Beside | null {
  const now = { ...held, tool_calls: [...held.tool_calls], images: [...held.images], citations: [...held.citations] };
  for (const piece of pieces) {
    if (piece.kind === "refusal") {
      const longer = extend(now.refusal, piece.offset, piece.text);
      if (longer === null) return null;
      now.refusal = longer;
    } else if (piece.kind === "tool_call") {
      if (piece.at > now.tool_calls.length) return null;
      const longer = extend(now.tool_calls[piece.at]?.arguments ?? "", piece.offset, piece.text);
      if (longer === null) return null;
      now.tool_calls[piece.at] = { name: piece.name, arguments: longer };
    } else if (piece.kind === "image") {
      if (piece.at > now.images.length) return null;
      now.images[piece.at] = image({ ...piece.image });
    } else if (piece.kind === "citation") {
      if (piece.at > now.citations.length) return null;
      now.citations[piece.at] = citation({ ...piece.citation });
    }
  }
  return now;
}

/** `held` with `piece` put at `offset`; null when that leaves a gap or contradicts what is held. */
export function extend(held: string, offset: number, piece: string): string | null {
  if (offset > held.length) return null;
  const overlap = held.length - offset;
  if (overlap === 0) return held + piece;
  if (overlap >= piece.length) return held.startsWith(piece, offset) ? held : null;
  return held.endsWith(piece.slice(0, overlap)) ? held + piece.slice(overlap) : null;
}

/** The address under which an image's bytes are shown, or "" when they are of no type that may be. */
export function imageData(mime: string, data: string): string {
  return SHOWN.test(mime) && BASE64.test(data) ? `data:${mime};base64,${data}` : "";
}

/** Arguments as a reader wants them: JSON on lines of its own, anything else as it stands. */
export function readable(written: string): string {
  try {
    const value: unknown = JSON.parse(written);
    if (!value || typeof value !== "object") return written;
    // A list of numbers stays on one line.
    return JSON.stringify(value, null, 2).replace(/\[\n(?:\s+-?\d[\d.eE+-]*,?\n)+\s*\]/g, (list) => list.replace(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"));
  } catch {
    return written; // not JSON, or not whole
  }
}
