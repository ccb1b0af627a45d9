/** Keeps what is being written, and how far was scrolled, for views made later and for the page when it is loaded again. */

/** Where the reader was: at the end, or so many pixels below the top of a turn. */
export interface Place {
  turn: string;
  offset: number;
}

export interface Kept {
  draft: string;
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
const nameOf = (id: string) => `jupyter_openrouter/chat/${id}`;

export function store(): Store | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

/** Keeps it for this tab; what is empty is forgotten. */
export function keep(id: string, { draft, place }: Kept, where: Store | null = store()): void {
  try {
    if (!draft && !place) where?.removeItem(nameOf(id));
    else where?.setItem(nameOf(id), JSON.stringify({ draft: draft.slice(0, LONGEST), place }));
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
  const { draft, place } = (found && typeof found === "object" ? found : {}) as { draft?: unknown; place?: { turn?: unknown; offset?: unknown } | null };
  const known = place && typeof place.turn === "string" && typeof place.offset === "number" ? { turn: place.turn, offset: place.offset } : null;
  return { draft: typeof draft === "string" ? draft : "", place: known };
}
