/** Folds traits and messages into what should be on screen; pure. */
import { type Beside, beside, extend, extended, NOTHING } from "./extras";
import type { ChatTraits, Failure, FromKernel, State, Turn, Usage } from "./protocol";

/** The traits that decide what is shown, of an answer or of a chat; whatever is missing has its empty value. */
export type ShownTraits = Omit<ChatTraits, "_kind" | "_core_id" | "_core_gz" | "_control">;

/** Everything that a view shows. */
export interface Transcript extends ShownTraits {
  /** Number of the answer that `text` belongs to; 0 while it is not known. */
  answer: number;
  /** The running (or last) answer so far; the same for its reasoning. */
  text: string;
  thought: string;
  /** What stands beside the text, and how many messages have told of it. */
  beside: Beside;
  told: number;
  /** Seconds of reasoning, so far or in all; null while unknown. */
  thinking: number | null;
  /** Goes up when `text` or `thought` is not a continuation of what was shown before. */
  epoch: number;
  status: string;
  /** Completion tokens so far, and seconds since the request was sent; null while unknown. */
  tokens: number | null;
  seconds: number | null;
  /** True from the moment a gap was seen until a snapshot fills it. */
  gap: boolean;
  /** The trait that `messages` began with; its turns count as long as no later version of them is held. */
  given: readonly Turn[];
  /** The highest version of the turns that was heard of, and whether that is not the one held. */
  newest: number;
  behind: boolean;
}

export const NO_TRAITS: ShownTraits = {
  state: "idle",
  message: "",
  reasoning: "",
  reasoning_seconds: null,
  extras: {},
  model: "",
  error: null,
  interruptible: false,
  name: "",
  system: "",
  params: {},
  messages: [],
  _messages_version: null,
  version: 0,
  asking: "",
  asking_attachments: [],
  queued: [],
  finish_reason: "",
  usage: null,
  totals: {},
  saved: "",
  suggestions: [],
  compact: false,
};

export function isRunning(state: State): boolean {
  return state === "waiting" || state === "streaming";
}

/** What a view opened now must show, from the traits alone. */
export function fromTraits(traits: ShownTraits): Transcript {
  const version = traits._messages_version ?? traits.version;
  return {
    ...traits,
    version,
    answer: 0,
    text: traits.message,
    thought: traits.reasoning,
    beside: beside(traits.extras),
    told: traits.extras?.sent ?? 0,
    thinking: traits.reasoning_seconds,
    epoch: 0,
    status: "",
    tokens: null,
    seconds: null,
    gap: false,
    given: traits.messages,
    ...standing(version, Math.max(version, traits.version)),
  };
}

/** Takes in the traits after a change of any of them. A settled state makes the traits' text the valid one. */
export function withTraits(before: Transcript, traits: ShownTraits): Transcript {
  const now: Transcript = { ...before, ...traits, ...turnsOf(before, traits) };
  const began = isRunning(traits.state) && !isRunning(before.state);
  if (began) {
    // The number of the new answer is learnt from its first message.
    const next = { ...now, answer: 0, status: "", tokens: null, seconds: null, gap: false };
    const kept = before.answer !== 0 && isFresh(before);
    return kept ? { ...now } : adoptTraits(next, traits);
  }
  if (!isRunning(traits.state)) {
    const settled = { ...now, status: "" };
    // The state may be published before the text; until that comes, what the deltas brought stays.
    const same = traits.message === before.message && traits.reasoning === before.reasoning;
    const unpublished = same && traits.extras === before.extras;
    return unpublished && traits.state !== "idle" ? settled : adoptTraits({ ...settled, gap: false }, traits);
  }
  return continues(now.text, traits.message) && continues(now.thought, traits.reasoning)
    ? adopt(now, traits.message, traits.reasoning)
    : now;
}

/** The turns that count once the traits have changed: those of messages, unless the trait is newer. */
function turnsOf(before: Transcript, { messages, version, _messages_version: own }: ShownTraits) {
  const given = own ?? version;
  const published = messages !== before.given && given >= before.version;
  const held = published ? { messages, version: given } : { messages: before.messages, version: before.version };
  return { ...held, given: messages, ...standing(held.version, Math.max(before.newest, version, held.version)) };
}

function standing(version: number, newest: number) {
  return { newest, behind: newest > version };
}

/** The transcript with the traits' text, and all that goes with it. */
function adoptTraits(now: Transcript, traits: ShownTraits): Transcript {
  const next = { ...now, beside: beside(traits.extras), told: traits.extras?.sent ?? 0, thinking: traits.reasoning_seconds };
  return adopt(next, traits.message, traits.reasoning);
}

/** Whether messages of a new answer came before the trait that says it runs. */
function isFresh(before: Transcript): boolean {
  return before.text !== before.message || before.thought !== before.reasoning || before.told !== (before.extras?.sent ?? 0);
}

/** Takes in one message; `resync` is true when the kernel must be asked for a snapshot, once for each gap. */
export function receive(before: Transcript, message: FromKernel): { now: Transcript; resync: boolean } {
  switch (message.type) {
    case "delta":
      return delta(before, message);
    case "extras":
      return extras(before, message);
    case "snapshot":
      return { now: snapshot(before, message), resync: false };
    case "status":
      return { now: status(before, message), resync: false };
    case "turns":
      return turns(before, message);
    case "conversation": {
      const { version, turns: messages } = message;
      if (version < before.version) return { now: before, resync: false };
      return { now: { ...before, messages, version, ...standing(version, Math.max(before.newest, version)) }, resync: false };
    }
    default:
      // `part`, `image`, `ack` and `refused` change nothing here; unknown ones are from a newer kernel side.
      return { now: before, resync: false };
  }
}

function turns(before: Transcript, { version, from, turns: later }: Extract<FromKernel, { type: "turns" }>): { now: Transcript; resync: boolean } {
  if (version <= before.version) return { now: before, resync: false };
  const newest = Math.max(before.newest, version);
  if (version !== before.version + 1 || from > before.messages.length) {
    return { now: { ...before, newest, behind: true }, resync: !before.behind };
  }
  return { now: { ...before, messages: [...before.messages.slice(0, from), ...later], version, ...standing(version, newest) }, resync: false };
}

type Delta = Extract<FromKernel, { type: "delta" }>;

function delta(before: Transcript, message: Delta): { now: Transcript; resync: boolean } {
  if (message.answer < before.answer) return { now: before, resync: false };
  const current = ofAnswer(before, message.answer);
  const text = extend(current.text, message.offset, message.text);
  const thought = extend(current.thought, message.reasoning_offset, message.reasoning);
  const progress = progressOf(message);
  if (text === null || thought === null) return { now: { ...current, ...progress, gap: true }, resync: !current.gap };
  // Text goes on where only what stands beside it was lost.
  const gap = message.extras_sent > current.told;
  return { now: { ...current, ...progress, text, thought, gap, status: "" }, resync: gap && !current.gap };
}

function extras(before: Transcript, message: Extract<FromKernel, { type: "extras" }>): { now: Transcript; resync: boolean } {
  if (message.answer < before.answer) return { now: before, resync: false };
  const current = { ...ofAnswer(before, message.answer), ...progressOf(message) };
  if (message.sent <= current.told) return { now: current, resync: false };
  const held = message.sent === current.told + 1 ? extended(current.beside, message.pieces) : null;
  if (held === null) return { now: { ...current, gap: true }, resync: !current.gap };
  return { now: { ...current, beside: held, told: message.sent, status: "" }, resync: false };
}

function progressOf(message: { tokens: number; seconds: number; reasoning_seconds: number | null }) {
  return { tokens: message.tokens, seconds: message.seconds, thinking: message.reasoning_seconds ?? null };
}

function snapshot(before: Transcript, message: Extract<FromKernel, { type: "snapshot" }>): Transcript {
  if (message.answer < before.answer) return before;
  let current = { ...ofAnswer(before, message.answer), gap: false };
  const told = message.extras?.sent ?? 0;
  if (told > current.told) current = { ...current, beside: beside(message.extras), told };
  const stale = current.text.startsWith(message.text) && current.thought.startsWith(message.reasoning);
  if (stale) return current;
  return { ...adopt(current, message.text, message.reasoning), ...progressOf(message) };
}

function status(before: Transcript, message: Extract<FromKernel, { type: "status" }>): Transcript {
  if (message.answer < before.answer) return before;
  const current = ofAnswer(before, message.answer);
  const { tokens = current.tokens, reasoning_seconds: thinking = current.thinking } = message;
  return { ...current, status: message.text, seconds: message.seconds, tokens, thinking };
}

/** The transcript turned to the answer of this number; text of an earlier answer is let go. */
function ofAnswer(before: Transcript, answer: number): Transcript {
  if (answer === before.answer) return before;
  // Not known so far: a running answer's text is this answer's, a settled one's is an earlier answer's.
  if (before.answer === 0 && isRunning(before.state)) return { ...before, answer };
  const fresh = { ...before, answer, status: "", tokens: null, seconds: null, gap: false, beside: NOTHING, told: 0, thinking: null };
  return before.answer === 0 && !before.text && !before.thought ? fresh : adopt(fresh, "", "");
}

function continues(held: string, next: string): boolean {
  return next.length >= held.length && next.startsWith(held);
}

function adopt(now: Transcript, text: string, thought: string): Transcript {
  const smooth = continues(now.text, text) && continues(now.thought, thought);
  return { ...now, text, thought, epoch: smooth ? now.epoch : now.epoch + 1 };
}

export type { Failure, Usage };
