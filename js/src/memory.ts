/** Keeps what is being written, and how far was scrolled, for views made later and for the page when it is loaded again. */

import type { Attached } from "./protocol";

/** Where the reader was: at the end, or so many pixels below the top of a turn. */
export interface Place {
  turn: string;
  offset: number;
}

/** A file that was attached and not sent. Its bytes are with the kernel when it is `whole`, and else nowhere. */
export interface KeptFile {
  id: string;
  name: string;
  kind: Attached["kind"];
  bytes: number;
  whole: boolean;
}

export interface Kept {
  draft: string;
  files: readonly KeptFile[];
  /** Null at the end. */
  place: Place | null;
}

/** Of sessionStorage, which some frames do not give. */
interface Store {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const LONGEST = 200_000;
const MOST_FILES = 40;
const KINDS: readonly unknown[] = ["image", "file", "audio", "text"];
const nameOf = (id: string) => `jupyter_openrouter/chat/${id}`;

export function store(): Store | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** Keeps it for this tab; what is empty is forgotten. */
export function keep(id: string, { draft, files, place }: Kept, where: Store | null = store()): void {
  try {
    if (!draft && !place && !files.length) where?.removeItem(nameOf(id));
    else where?.setItem(nameOf(id), JSON.stringify({ draft: draft.slice(0, LONGEST), files: files.slice(0, MOST_FILES), place }));
  } catch (error) {
    console.warn("[jupyter_openrouter] what was being written could not be kept", error);
  }
}

/** What was kept; every field is looked at, since others can write there. */
export function recall(id: string, where: Store | null = store()): Kept {
  let found: unknown = null;
  try {
    found = JSON.parse(where?.getItem(nameOf(id)) ?? "null");
  } catch {
    found = null; // not ours, or not readable
  }
  const { draft, files, place } = (found && typeof found === "object" ? found : {}) as { draft?: unknown; files?: unknown; place?: { turn?: unknown; offset?: unknown } | null };
  const known = place && typeof place.turn === "string" && typeof place.offset === "number" ? { turn: place.turn, offset: place.offset } : null;
  const attached = Array.isArray(files) ? files.slice(0, MOST_FILES).filter(isKeptFile) : [];
  return { draft: typeof draft === "string" ? draft : "", files: attached, place: known };
}

function isKeptFile(value: unknown): value is KeptFile {
  const { id, name, kind, bytes, whole } = (value && typeof value === "object" ? value : {}) as Record<string, unknown>;
  return typeof id === "string" && typeof name === "string" && KINDS.includes(kind) && typeof bytes === "number" && typeof whole === "boolean";
}
