/** Which views stand for which turns when the turns have changed; pure. */
import type { Turn } from "./protocol";

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

/** About how high a turn will be, in pixels, before it is built. */
export function guessedHeight({ role, content }: Turn): number {
  const lines = content.length / 90 + (content.match(/\n/g)?.length ?? 0) * 0.8;
  return Math.round((role === "user" ? 62 : 84) + lines * 22);
}
