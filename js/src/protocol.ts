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
  /** What helps, where a button can do it or point to it. */
  act?: "key" | "credit" | "wait" | "retry";
  /** Of `wait`: when it may be asked again, in milliseconds since 1970. */
  until?: number;
}

/** What goes with a question beside its text. The bytes stay with the kernel; those of an image can be had by its id. */
export interface Attached {
  kind: "image" | "file" | "audio" | "text";
  name: string;
  mime: string;
  bytes: number;
  id?: string;
}

/** A question that waits for the running answer to end. */
export interface Queued {
  id: string;
  text: string;
  attachments?: Attached[];
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
  /** Names the turn in the whole conversation, its other branches included. */
  id?: string;
  role: "user" | "assistant";
  content: string;
  attachments?: Attached[];
  /** Where the conversation branches here: all turns that may stand in this place, oldest first, this one included. */
  branches?: string[];
  reasoning?: string;
  reasoning_seconds?: number;
  extras?: Extras;
  state?: State;
  model?: string;
  /** The model that was asked, where another one answered. */
  requested_model?: string;
  provider?: string;
  finish_reason?: string;
  /** The provider's own word for it, where that is another one. */
  native_finish_reason?: string;
  usage?: Usage;
  /** Nobody pays its cost: it is play money, or out of a recording. */
  uncharged?: boolean;
  /** Whole answer, in seconds. */
  seconds?: number;
  /** Completion tokens a second, from the first word to the last. */
  speed?: number;
  /** What was tried before, and why it failed: "openai/gpt-4: 503 overloaded". */
  tried?: string[];
  /** It can be gone on with: cut, stopped, or ended by the token limit. */
  continuable?: boolean;
  error?: Failure;
}

/** What the browser may choose for the next question; a field that is missing is left to the model. */
export interface Params {
  /** 0 to 2. */
  temperature?: number;
  /** 1 or more. */
  max_tokens?: number;
  /** Effort. */
  reasoning?: "off" | "minimal" | "low" | "medium" | "high" | "xhigh";
  /** Web search. */
  web?: boolean;
}

/** A model as the picker shows it; what is unknown is left out. Prices are in US dollars for a million tokens. */
export interface ModelCard {
  slug: string;
  name: string;
  /** Tokens. */
  context?: number;
  /** Modalities, such as text, image, file, audio. */
  takes: string[];
  gives: string[];
  prompt?: number;
  completion?: number;
  reasoning?: boolean;
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
  /** Of the conversation; shared with cells that say `--chat NAME`. */
  name: string;
  system: string;
  /** What the next question is sent with. Python may set more than a browser can show. */
  params: Params & Record<string, unknown>;
  /**
   * The settled turns of the branch that is shown, oldest first. Published whole only when a view asks for the state
   * and when Python sets it; turns that come one by one travel as `turns` messages.
   */
  messages: Turn[];
  /** The version that `messages` has: `version` goes on without them. Null where it is that one. */
  _messages_version: number | null;
  /** How often the settled turns have changed; each `turns` message counts one. */
  version: number;
  /** The question that is being answered, "" when none is. It is not in `messages` yet. */
  asking: string;
  asking_attachments: Attached[];
  /** Questions that wait, in their order. */
  queued: Queued[];
  finish_reason: string;
  usage: Usage | null;
  /** Of all answers that this chat has paid for, other branches included; what is unknown of one is left out of the sum. `uncharged` nobody pays. */
  totals: Usage & { unknown?: number; uncharged?: number };
  /** The file that the conversation was last saved to, "" when none; shown when the kernel is gone. */
  saved: string;
  /** Prompts that are offered while the chat is empty. */
  suggestions: string[];
  compact: boolean;
}

/** What the kernel has of browser code: the core, and what the core asks for when it is first needed. */
export type PartName = "core" | LazyPart;
export type LazyPart = "chat" | "math" | "colours" | "languages";

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
  /** Chat: settled turns changed. From index `from` on they are `turns` now; `version` goes up by one each time. */
  | { type: "turns"; version: number; from: number; turns: Turn[] }
  /** Chat: all settled turns, for a browser that missed a `turns` message. */
  | { type: "conversation"; version: number; turns: Turn[] }
  /** Chat: what can be chosen; `error` says why there is nothing or not all. */
  | { type: "models"; id: string; models: ModelCard[]; error: Failure | null }
  /** A browser message with this `id` was received and acted on. */
  | { type: "ack"; id: string }
  /** A browser message with this `id` was refused, and why. */
  | { type: "refused"; id: string; reason: string };

/** Browser to kernel. `id` is unique within the page; one that was heard before is not acted on again. At most 1 MiB each. */
export type FromBrowser =
  | { type: "part"; part: PartName }
  /**
   * Asks for a snapshot: a delta's offset did not continue what the view holds, or the view is new.
   * In a chat with the version of the turns that it holds: where that is another one, all turns come as well.
   */
  | { type: "resync"; version?: number }
  /** Asks for the bytes of an image that a view shows and the page has not got. */
  | { type: "image"; id: string }
  | { type: "stop"; id: string }
  /** All others in a chat only. A question; while an answer runs it is queued. `uploads` are whole uploads by name. */
  | { type: "ask"; id: string; text: string; uploads: string[] }
  /** Asks an earlier question anew with another text, on a branch of its own; its attachments in `keep` (indexes) stay. */
  | { type: "edit"; id: string; turn: string; text: string; keep: number[]; uploads: string[] }
  /** Asks for another answer in the place of this one, "" for the last question; with another model where one is named. */
  | { type: "retry"; id: string; turn: string; model: string }
  /** Goes on with the last answer where it was cut, stopped or ended by the token limit. */
  | { type: "continue"; id: string }
  /** Takes a question and its answer out of the conversation, by the id of either. */
  | { type: "delete"; id: string; turn: string }
  /** Shows another branch: `turn` is one of a turn's `branches`. */
  | { type: "branch"; id: string; turn: string }
  /** Takes a question out of the queue. */
  | { type: "unqueue"; id: string; item: string }
  /** Puts other words in the place of those of a question of the queue; its attachments in `keep` (indexes) stay. */
  | { type: "edit_queued"; id: string; item: string; text: string; keep: number[]; uploads: string[] }
  /** Asks a question of the queue now, before the others; refused while an answer runs. */
  | { type: "send_now"; id: string; item: string }
  | { type: "model"; id: string; model: string }
  /** Sets what is in it; null takes a parameter back to the model's own. */
  | { type: "settings"; id: string; system?: string; params?: { [name in keyof Params]: Params[name] | null } }
  /** A piece of an attachment, in the first buffer; at most 512 KiB, in order, 20 MB in all. The last is acknowledged when all is checked. */
  | { type: "upload"; id: string; upload: string; name: string; mime: string; size: number; offset: number }
  | { type: "discard"; id: string; upload: string }
  | { type: "models"; id: string };
