/** Folds traits and messages into what should be on screen; pure. */
import type { ChatTraits, Failure, FromKernel, State, Turn, Usage } from "./protocol";

/** The traits that decide what is shown, of an answer or of a chat; whatever is missing has its empty value. */
export type ShownTraits = Omit<ChatTraits, "_kind" | "_core_id" | "_core_gz" | "_control" | "system">;

/** Everything that a view shows. */
export interface Transcript extends ShownTraits {
  /** Number of the answer that `text` belongs to; 0 while it is not known. */
  answer: number;
  /** The running (or last) answer so far; the same for its reasoning. */
  text: string;
  thought: string;
  /** Goes up when `text` or `thought` is not a continuation of what was shown before. */
  epoch: number;
  status: string;
  /** Completion tokens so far, and seconds since the request was sent; null while unknown. */
  tokens: number | null;
  seconds: number | null;
  /** True from the moment a gap was seen until a snapshot fills it. */
  gap: boolean;
}

export const NO_TRAITS: ShownTraits = {
  state: "idle",
  message: "",
  reasoning: "",
  model: "",
  error: null,
  interruptible: false,
  messages: [],
  asking: "",
  finish_reason: "",
  usage: null,
};

export function isRunning(state: State): boolean {
  return state === "waiting" || state === "streaming";
}

/** What a view opened now must show, from the traits alone. */
export function fromTraits(traits: ShownTraits): Transcript {
  return {
    ...traits,
    answer: 0,
    text: traits.message,
    thought: traits.reasoning,
    epoch: 0,
    status: "",
    tokens: null,
    seconds: null,
    gap: false,
  };
}

/** Takes in the traits after a change of any of them. A settled state makes the traits' text the valid one. */
export function withTraits(before: Transcript, traits: ShownTraits): Transcript {
  const now: Transcript = { ...before, ...traits };
  const began = isRunning(traits.state) && !isRunning(before.state);
  if (began) {
    // The number of the new answer is learnt from its first message.
    const next = { ...now, answer: 0, status: "", tokens: null, seconds: null, gap: false };
    const kept = before.answer !== 0 && isFresh(before);
    return kept ? { ...now } : adopt(next, traits.message, traits.reasoning);
  }
  if (!isRunning(traits.state)) {
    const settled = { ...now, status: "" };
    // The state may be published before the text; until that comes, what the deltas brought stays.
    const unpublished = traits.message === before.message && traits.reasoning === before.reasoning;
    return unpublished && traits.state !== "idle" ? settled : adopt({ ...settled, gap: false }, traits.message, traits.reasoning);
  }
  return continues(now.text, traits.message) && continues(now.thought, traits.reasoning)
    ? adopt(now, traits.message, traits.reasoning)
    : now;
}

/** Whether messages of a new answer came before the trait that says it runs. */
function isFresh(before: Transcript): boolean {
  return before.text !== before.message || before.thought !== before.reasoning;
}

/** Takes in one message; `resync` is true when the kernel must be asked for a snapshot, once for each gap. */
export function receive(before: Transcript, message: FromKernel): { now: Transcript; resync: boolean } {
  switch (message.type) {
    case "delta":
      return delta(before, message);
    case "snapshot":
      return { now: snapshot(before, message), resync: false };
    case "status":
      return { now: status(before, message), resync: false };
    default:
      // `part`, `ack` and `refused` change nothing here; unknown ones are from a newer kernel side.
      return { now: before, resync: false };
  }
}

type Delta = Extract<FromKernel, { type: "delta" }>;

function delta(before: Transcript, message: Delta): { now: Transcript; resync: boolean } {
  if (message.answer < before.answer) return { now: before, resync: false };
  const current = ofAnswer(before, message.answer);
  const text = extend(current.text, message.offset, message.text);
  const thought = extend(current.thought, message.reasoning_offset, message.reasoning);
  const { tokens, seconds } = message;
  if (text === null || thought === null) {
    return { now: { ...current, gap: true, tokens, seconds }, resync: !current.gap };
  }
  return { now: { ...current, text, thought, gap: false, tokens, seconds, status: "" }, resync: false };
}

function snapshot(before: Transcript, message: Extract<FromKernel, { type: "snapshot" }>): Transcript {
  if (message.answer < before.answer) return before;
  const current = { ...ofAnswer(before, message.answer), gap: false };
  const stale = current.text.startsWith(message.text) && current.thought.startsWith(message.reasoning);
  if (stale) return current;
  return { ...adopt(current, message.text, message.reasoning), tokens: message.tokens, seconds: message.seconds };
}

function status(before: Transcript, message: Extract<FromKernel, { type: "status" }>): Transcript {
  if (message.answer < before.answer) return before;
  const current = ofAnswer(before, message.answer);
  return { ...current, status: message.text, seconds: message.seconds, tokens: message.tokens ?? current.tokens };
}

/** The transcript turned to the answer of this number; text of an earlier answer is let go. */
function ofAnswer(before: Transcript, answer: number): Transcript {
  if (answer === before.answer) return before;
  // Not known so far: a running answer's text is this answer's, a settled one's is an earlier answer's.
  if (before.answer === 0 && isRunning(before.state)) return { ...before, answer };
  const fresh = { ...before, answer, status: "", tokens: null, seconds: null, gap: false };
  return before.answer === 0 && !before.text && !before.thought ? fresh : adopt(fresh, "", "");
}

/** `held` with `piece` put at `offset`; null when that leaves a gap or contradicts what is held. */
function extend(held: string, offset: number, piece: string): string | null {
  if (offset > held.length) return null;
  const overlap = held.length - offset;
  if (overlap === 0) return held + piece;
  if (overlap >= piece.length) return held.startsWith(piece, offset) ? held : null;
  return held.endsWith(piece.slice(0, overlap)) ? held + piece.slice(overlap) : null;
}

function continues(held: string, next: string): boolean {
  return next.length >= held.length && next.startsWith(held);
}

function adopt(now: Transcript, text: string, thought: string): Transcript {
  const smooth = continues(now.text, text) && continues(now.thought, thought);
  return { ...now, text, thought, epoch: smooth ? now.epoch : now.epoch + 1 };
}

/** What a footer shows of the last answer, as a settled turn would hold it. */
export function lastTurn({ text, state, model, finish_reason, usage, seconds }: Transcript): Turn {
  return {
    role: "assistant",
    content: text,
    state,
    ...(model ? { model } : {}),
    ...(finish_reason ? { finish_reason } : {}),
    ...(usage ? { usage } : {}),
    ...(seconds !== null ? { seconds } : {}),
  };
}

export type { Failure, Usage };
