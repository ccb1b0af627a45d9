/** Joins one anywidget model to one transcript: its listeners, its messages out, and its Stop. */
import { kernelOf, modelId, onceGone, stopByControl, type Model } from "./kernel";
import { askAgain, offer, takePart } from "./parts";
import type { FromBrowser, FromKernel } from "./protocol";
import { Pictures } from "./pictures";
import { fromTraits, isRunning, NO_TRAITS, receive, type ShownTraits, type Transcript, withTraits } from "./transcript";

/** How long an unanswered Stop waits, in milliseconds, before the kernel is interrupted. */
export const STOP_PATIENCE = 300;
const RESYNC_AGAIN = 2000;
const NAMES = Object.keys(NO_TRAITS) as (keyof ShownTraits)[];

let ids = 0;

export class Link {
  transcript: Transcript;
  /** True from a Stop until the answer has settled. */
  stopping = false;
  /** What is being written in a chat's box, for every view of it. */
  draft = "";
  readonly kind: string;
  /** The kernel behind it is gone: what has come is all there will be. */
  gone = false;
  readonly pictures: Pictures;
  readonly #model: Model;
  readonly #end = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #asked = new Map<string, string>();
  readonly #replies = new Map<string, (refused: string | null) => void>();
  #stale = false;
  /** The model that the host hands to its listeners knows its id; the one given to us may not. */
  #real: unknown = null;
  #resyncTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.kind = String(model.get("_kind") ?? "answer");
    this.transcript = fromTraits(this.#traits());
    this.pictures = new Pictures((id) => this.#send({ type: "image", id }), this.#end.signal);
    onceGone(model, () => this.lose(), this.#end.signal);
    const onChange = (source: unknown) => {
      this.#real ??= source;
      if (this.#stale) return;
      this.#stale = true;
      queueMicrotask(() => this.#refresh());
    };
    for (const name of NAMES) model.on(`change:${name}`, onChange);
    const onPart = (message: FromKernel, buffers?: BlobPart[]) => {
      if (message.type === "part") takePart(message.part, message.id, buffers?.[0]);
    };
    model.on("msg:custom", onPart);
    // A deaf kernel hears nothing until the cell that waits for this answer has ended.
    const hears = () => !(this.kind === "answer" && model.get("_core_gz") && isRunning(this.transcript.state));
    const withdraw = offer({ ask: (part) => this.#send({ type: "part", part }), hears });
    this.#end.signal.addEventListener("abort", () => {
      for (const name of NAMES) model.off(`change:${name}`, onChange);
      model.off("msg:custom", onPart);
      withdraw();
      clearTimeout(this.#resyncTimer);
      this.#watchers.clear();
    });
  }

  close(): void {
    this.#end.abort();
  }

  /** Calls `watcher` after every change until `signal` aborts. */
  watch(watcher: () => void, signal: AbortSignal): void {
    this.#watchers.add(watcher);
    askAgain();
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }

  /** One message from the kernel. */
  hear(message: FromKernel): void {
    if (this.#end.signal.aborted) return;
    this.#refresh(); // traits that came before this message count before it
    if (message.type === "image") this.pictures.take(message);
    if (message.type === "ack" || message.type === "refused") this.#answered(message);
    const { now, resync } = receive(this.transcript, message);
    this.transcript = now;
    if (resync) this.resync();
    this.#tell();
  }

  /** Asks for all text so far, and again, ever more rarely, while the gap stays. */
  resync(patience = RESYNC_AGAIN): void {
    clearTimeout(this.#resyncTimer);
    this.#send({ type: "resync" });
    this.#resyncTimer = setTimeout(() => {
      if (this.transcript.gap && patience < 60_000) this.resync(patience * 2);
    }, patience);
  }

  /** Sends a question; resolves to null when the kernel took it, or to why it did not. */
  send(text: string): Promise<string | null> {
    const id = this.#id();
    return new Promise((resolve) => {
      this.#replies.set(id, resolve);
      this.#asked.set(text, id);
      if (!this.#send({ type: "ask", id, text })) this.#reply(id, "the kernel cannot be reached");
    });
  }

  /** The kernel is gone; views show what they have, and say so. */
  lose(): void {
    if (this.gone) return;
    this.gone = true;
    this.stopping = false;
    for (const id of [...this.#replies.keys()]) this.#reply(id, "the kernel is gone");
    this.#tell();
  }

  stop(): void {
    const { state } = this.transcript;
    if (!isRunning(state) || this.gone) return;
    const id = this.#id();
    let answered = false;
    this.stopping = true;
    this.#replies.set(id, (refused) => {
      answered = true;
      if (refused !== null) this.stopping = false;
    });
    this.#send({ type: "stop", id });
    if (this.#model.get("_control") === true) void this.#stopByControl(id);
    const timer = setTimeout(() => {
      // Only our own waiting cell may be interrupted, and only while it waits.
      const ours = isRunning(this.transcript.state) && this.#model.get("interruptible") === true;
      if (!answered && ours) void kernelOf(this.#model)?.interrupt?.();
    }, STOP_PATIENCE);
    this.#end.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    this.#tell();
  }

  async #stopByControl(id: string): Promise<void> {
    const comm = await modelId(this.#model, this.#real);
    if (comm) stopByControl(kernelOf(this.#model), comm, id);
  }

  #id(): string {
    ids += 1;
    return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${ids}`;
  }

  #send(message: FromBrowser): boolean {
    try {
      this.#model.send(message);
      return true;
    } catch (error) {
      console.warn("[jupyter_openrouter] the kernel cannot be reached", error);
      return false;
    }
  }

  #answered(message: Extract<FromKernel, { type: "ack" | "refused" }>): void {
    this.#reply(message.id, message.type === "refused" ? message.reason : null);
  }

  #reply(id: string, reason: string | null): void {
    const reply = this.#replies.get(id);
    this.#replies.delete(id);
    for (const [text, of] of this.#asked) if (of === id) this.#asked.delete(text);
    reply?.(reason);
  }

  #traits(): ShownTraits {
    const entries = NAMES.map((name) => [name, this.#model.get(name) ?? NO_TRAITS[name]]);
    return Object.fromEntries(entries) as ShownTraits;
  }

  #refresh(): void {
    if (!this.#stale || this.#end.signal.aborted) return;
    this.#stale = false;
    this.transcript = withTraits(this.transcript, this.#traits());
    if (!isRunning(this.transcript.state)) {
      this.stopping = false;
      askAgain();
    }
    // A question that is being answered was taken, whether or not its `ack` came through.
    this.#reply(this.#asked.get(this.transcript.asking) ?? "", null);
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
