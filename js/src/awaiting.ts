/** Follows the questions that a kernel has taken, until a turn holds them, or it is clear that none will; pure. */
import type { Queued, State, Turn } from "./protocol";
import { isRunning } from "./transcript";

/** Where a chat stands, as far as its questions go. */
export interface Standing {
  state: State;
  asking: string;
  queued: readonly Queued[];
  messages: readonly Turn[];
}

export interface Awaited<T> {
  text: string;
  /** What goes back to who asked. */
  item: T;
  /** A turn from this index on may hold it. */
  from: number;
  seen: "" | "queued" | "asked";
  /** When it was taken, in milliseconds of the page's clock. */
  since: number;
}

/** How long, in milliseconds, the traits that show a question may be behind the kernel's word that it was taken. */
export const BEHIND = 3000;

/** Whether a turn holds the question. */
export function isHeld({ text, from }: { text: string; from: number }, { messages }: Standing): boolean {
  return messages.slice(from).some((turn) => turn.role === "user" && turn.content === text);
}

/** One question after a change: still awaited, over (it is held, was answered or removed), or back with nothing answered. */
function fate<T>(one: Awaited<T>, now: Standing, at: number): Awaited<T> | "over" | "back" {
  if (isHeld(one, now)) return "over";
  if (now.asking === one.text) return one.seen === "asked" ? one : { ...one, seen: "asked", from: now.messages.length };
  if (now.queued.some(({ text }) => text === one.text)) return { ...one, seen: "queued" };
  if (isRunning(now.state)) return one;
  if (one.seen === "queued") return "over";
  if (one.seen === "" && at - one.since < BEHIND) return one;
  return now.state === "done" || now.state === "idle" ? "over" : "back";
}

/** All of them after a change, `at` a time of the page's clock. */
export function follow<T>(list: readonly Awaited<T>[], now: Standing, at: number): { rest: Awaited<T>[]; back: Awaited<T>[] } {
  const [rest, back]: [Awaited<T>[], Awaited<T>[]] = [[], []];
  for (const one of list) {
    const next = fate(one, now, at);
    if (next === "back") back.push(one);
    else if (next !== "over") rest.push(next);
  }
  return { rest, back };
}
