/** Which views stand for which turns when the turns have changed; pure. */
import type { Turn } from "./protocol";
import { isRunning, type Transcript } from "./transcript";

/** What runs, as it was told as settled turns before its state was. */
export interface Taken {
  asking: string;
  answer: number;
  /** The answer's whole text. */
  content: string;
}

/** Whether that is still what runs: where its text is another, someone else's answer to the same question was told. */
export function isTaken(taken: Taken | null, { state, asking, answer, text }: Transcript): boolean {
  return isRunning(state) && taken?.asking === asking && taken.answer === answer && taken.content.startsWith(text);
}

/** Whether the turns end in another answer than before, to the question that runs: that one has settled, though its words may be others. */
export function hasSettled(before: readonly Turn[], { messages, asking }: Transcript): boolean {
  const [asked, told] = messages.slice(-2);
  return told?.role === "assistant" && told !== before.at(-1) && asked?.role === "user" && asked.content === asking;
}

/** The text of an answer, or of the answer that follows a question; "" where there is none. */
export function answerTo(turn: Turn, next: Turn | undefined): string {
  const answer = turn.role === "user" ? next : turn;
  return answer?.role === "assistant" ? answer.content : "";
}

/** Names each turn: by its id, or by its place where it has none; no name comes twice. */
export function keysOf(turns: readonly Turn[]): string[] {
  const seen = new Set<string>();
  return turns.map(({ id, role }, at) => {
    const key = id && !seen.has(id) ? id : `\u0000${at} ${role}`;
    seen.add(key);
    return key;
  });
}

/** Whether two turns look the same. */
export function isSame(one: Turn, other: Turn): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** What a turn is for the style sheet, which has the space around it. */
export function classOf({ role }: Turn): string {
  return role === "user" ? "jor-asked" : "jor-reply";
}

/** About how high a turn will be, in pixels, before it is built, without the space around it. */
export function guessedHeight({ role, content }: Turn): number {
  const lines = content.length / 90 + (content.match(/\n/g)?.length ?? 0) * 0.8;
  return Math.round((role === "user" ? 14 : 30) + Math.max(1, lines) * 22);
}
