/** Follows the questions that a kernel has taken, until a turn holds them, or it is clear that none will; pure. */
import type { Attached, Queued, State, Turn } from "./protocol";
import { isRunning } from "./transcript";

/** Where a chat stands, as far as its questions go. */
export interface Standing {
  state: State;
  asking: string;
  asking_attachments?: readonly Attached[];
  queued: readonly Queued[];
  messages: readonly Turn[];
}

/** What a question is known by: its words, and where it has none by how many files go with it. */
export interface Known {
  text: string;
  files: number;
}

export interface Awaited<T> extends Known {
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

const isIt = (one: Known, text: string, attachments: readonly Attached[] = []) => text === one.text && (text !== "" || attachments.length === one.files);

/** Whether a turn holds the question. */
export function isHeld(one: Known & { from: number }, { messages }: Standing): boolean {
  return messages.slice(one.from).some((turn) => turn.role === "user" && isIt(one, turn.content, turn.attachments));
}

/** One question after a change: still awaited, over (it is held, was answered or removed), or back with nothing answered. */
function fate<T>(one: Awaited<T>, now: Standing, at: number): Awaited<T> | "over" | "back" {
  if (isHeld(one, now)) return "over";
  if (isIt(one, now.asking, now.asking_attachments)) return one.seen === "asked" ? one : { ...one, seen: "asked", from: now.messages.length };
  if (now.queued.some(({ text, attachments }) => isIt(one, text, attachments))) return { ...one, seen: "queued" };
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
