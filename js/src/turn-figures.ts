/** What a footer says of a settled answer: who answered, what it took, what it cost, and how it ended; pure. */
import { cost, duration, inAndOut, known } from "./figures";
import type { Turn } from "./protocol";

export interface Figure {
  text: string;
  /** More of it, for who points at it. */
  title?: string;
  kind?: "ended" | "instead";
}

const ENDED: Partial<Record<NonNullable<Turn["state"]>, string>> = { stopped: "stopped", cut: "cut off before its end", failed: "failed" };

/** Completion tokens a second, with as many digits as count. */
export function speedOf(speed: number | undefined): string {
  if (!known(speed) || speed === 0) return "";
  return `${speed < 10 ? speed.toFixed(1) : Math.round(speed)} tokens/s`;
}

function instead({ model, requested_model: asked, tried = [] }: Turn): Figure {
  const title = tried.map((one) => `tried ${one}`).join("\n");
  const text = asked && asked !== model ? `instead of ${asked}` : tried.length ? `after ${tried.length} failed ${tried.length === 1 ? "try" : "tries"}` : "";
  return { text, kind: "instead", ...(title ? { title } : {}) };
}

function reason({ finish_reason: own = "", native_finish_reason: native = "" }: Turn): string {
  return native && native !== own ? `${own || "no finish reason"} (${native})` : own;
}

/** The figures in their order; those of which nothing is known are left out. */
export function turnFigures(turn: Turn): Figure[] {
  const { usage } = turn;
  const all: Figure[] = [
    { text: turn.model ?? "" },
    instead(turn),
    { text: turn.provider ?? "" },
    { text: usage ? inAndOut(usage) : "" },
    { text: usage ? cost(usage.cost) || "cost unknown" : "", ...(turn.uncharged ? { title: "not charged" } : {}) },
    { text: duration(turn.seconds) },
    { text: speedOf(turn.speed) },
    { text: reason(turn) },
    { text: (turn.state && ENDED[turn.state]) ?? "", kind: "ended" },
  ];
  return all.filter(({ text }) => text);
}
