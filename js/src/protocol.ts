/**
 * Every trait and message that passes between the kernel and the browser, and the only place where they
 * are written for the browser. The Python side of the same list is `jupyter_openrouter/widget.py`;
 * `tests/protocol.json` holds one example of each and is read by the tests of both sides.
 *
 * State that a view opened later must know is a trait; what happens once is a message. Only the kernel
 * sets traits. All text offsets are counted in UTF-16 code units, as JavaScript counts.
 */

/** The states of a response, as `Response.state` names them in Python; `idle` is a chat with no answer yet. */
export type State = "idle" | "waiting" | "streaming" | "done" | "stopped" | "cut" | "failed";

/** What the service reported; a figure that is missing is unknown, never 0. Cost is in US dollars. */
export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  cost?: number;
}

/** One line that says what went wrong, and one that says what to do. */
export interface Failure {
  type: string;
  message: string;
  remedy?: string;
}

export interface ToolCall {
  name: string;
  /** The arguments as the model wrote them: JSON, or what it took for JSON. */
  arguments: string;
}

/** An image that the model made: one whose bytes can be had by its id, one on another site, or none, and why. */
export type MadeImage = { id: string; mime: string; bytes: number } | { url: string } | { note: string };

export interface Citation {
  url: string;
  title: string;
}

/** What an answer holds beside its text and its reasoning; what is empty is left out. All of it only grows. */
export interface Extras {
  refusal?: string;
  tool_calls?: ToolCall[];
  images?: MadeImage[];
  citations?: Citation[];
  /** While the answer runs: in how many `extras` messages this was sent. */
  sent?: number;
}

/** What is new of them: each with its place, an index in its list or an offset in its text. */
export type Piece =
  | { kind: "refusal"; offset: number; text: string }
  | { kind: "tool_call"; at: number; name: string; offset: number; text: string }
  | { kind: "image"; at: number; image: MadeImage }
  | { kind: "citation"; at: number; citation: Citation };

/** One settled turn. An assistant turn carries what its footer shows. */
export interface Turn {
  role: "user" | "assistant";
  content: string;
  reasoning?: string;
  reasoning_seconds?: number;
  extras?: Extras;
  state?: State;
  model?: string;
  provider?: string;
  finish_reason?: string;
  usage?: Usage;
  /** Whole answer, in seconds. */
  seconds?: number;
}

/** Traits that the live answer and the chat share. */
export interface SharedTraits {
  /** Content hash of the core module; parts are kept in the page under this name. */
  _core_id: string;
  /** The core, gzip-compressed, when this kernel cannot answer a request for it while a cell runs; else null. */
  _core_gz: DataView | null;
  state: State;
  /** The text of the running (or last) answer so far; current in `get_state`, published when it settles. */
  message: string;
  /** The reasoning of the running (or last) answer so far, as plain text. */
  reasoning: string;
  /** From the first reasoning to the first of the answer itself, so far or in all; null while or where unknown. */
  reasoning_seconds: number | null;
  extras: Extras;
  model: string;
  error: Failure | null;
  /** True while a cell of ours waits for this very answer, so that interrupting the kernel stops only it. */
  interruptible: boolean;
  /** True when this kernel hears a Stop on its control channel, as a `comm_msg` to the widget's comm. */
  _control?: boolean;
}

/** `_kind: "answer"`: the growing answer of one magic cell. */
export interface AnswerTraits extends SharedTraits {
  _kind: "answer";
}

/** `_kind: "chat"`: the chat widget. */
export interface ChatTraits extends SharedTraits {
  _kind: "chat";
  system: string;
  /** The settled turns, oldest first. */
  messages: Turn[];
  /** The question that is being answered, "" when none is. It is not in `messages` yet. */
  asking: string;
  finish_reason: string;
  usage: Usage | null;
}

/** What the kernel has of browser code: the core, and what the core asks for when it is first needed. */
export type PartName = "core" | LazyPart;
export type LazyPart = "math" | "colours" | "languages";

/** Kernel to browser. `answer` is the number of the answer within its widget, from 1. */
export type FromKernel =
  /** A part as gzip-compressed bytes in the first buffer; `id` is the hash of its content. */
  | { type: "part"; part: PartName; id: string }
  /** New text. `offset` and `reasoning_offset`: how much was sent before these pieces. */
  | {
      type: "delta";
      answer: number;
      offset: number;
      text: string;
      reasoning_offset: number;
      reasoning: string;
      /** How many `extras` messages were sent before this one. */
      extras_sent: number;
      /** Completion tokens so far (an estimate while it streams) and seconds since the request was sent. */
      tokens: number;
      seconds: number;
      reasoning_seconds: number | null;
    }
  /** What is new beside the text; `sent` is the number of this message, from 1 for each answer. */
  | { type: "extras"; answer: number; sent: number; pieces: Piece[]; tokens: number; seconds: number; reasoning_seconds: number | null }
  /** The bytes of an image in base64; sent once when it has come, and again to who asks. */
  | { type: "image"; id: string; mime: string; data: string }
  /** All text so far: the answer to `resync`, and sent unasked now and then on kernels that cannot hear. */
  | { type: "snapshot"; answer: number; text: string; reasoning: string; extras: Extras; tokens: number; seconds: number; reasoning_seconds: number | null }
  /** A short sentence for the status line, such as "waiting for the provider". Sent about once a second. */
  | { type: "status"; answer: number; text: string; seconds: number; tokens?: number; reasoning_seconds?: number | null }
  /** A browser message with this `id` was received and acted on. */
  | { type: "ack"; id: string }
  /** A browser message with this `id` was refused, and why. */
  | { type: "refused"; id: string; reason: string };

/** Browser to kernel. `id` is unique within the view. */
export type FromBrowser =
  | { type: "part"; part: PartName }
  /** Asks for a snapshot: a delta's offset did not continue what the view holds, or the view is new. */
  | { type: "resync" }
  /** Asks for the bytes of an image that a view shows and the page has not got. */
  | { type: "image"; id: string }
  | { type: "stop"; id: string }
  /** Chat only. At most 1 MiB of text. */
  | { type: "ask"; id: string; text: string };
