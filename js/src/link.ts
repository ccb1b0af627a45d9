/** Joins one anywidget model to one transcript: its listeners, its messages out, and its Stop. */
import { hearAgain } from "./hearing";
import { kernelOf, modelId, onceGone, stopByControl, type Model } from "./kernel";
import { askAgain, offer, takePart } from "./parts";
import type { Failure, FromBrowser, FromKernel, ModelCard } from "./protocol";
import { Pictures } from "./pictures";
import { type Reply, type Request, Requests } from "./requests";
import { fromTraits, isRunning, NO_TRAITS, receive, type ShownTraits, type Transcript, withTraits } from "./transcript";

/** How long an unanswered Stop waits, in milliseconds, before the kernel is interrupted. */
export const STOP_PATIENCE = 300;
const RESYNC_AGAIN = 2000;
/** How long a turn that the traits tell of may be on its way, in milliseconds. */
const ON_ITS_WAY = 1000;
const NAMES = Object.keys(NO_TRAITS) as (keyof ShownTraits)[];

const refusal = (reply: Reply) => (reply.type === "refused" ? reply.reason : null);

export class Link {
  transcript: Transcript;
  /** True from a Stop until the answer has settled. */
  stopping = false;
  readonly kind: string;
  /** The kernel behind it is gone: what has come is all there will be. */
  gone = false;
  readonly pictures: Pictures;
  readonly #model: Model;
  readonly #end = new AbortController();
  readonly #watchers = new Set<() => void>();
  readonly #asked = new Map<string, string>();
  readonly #requests: Requests;
  #stale = false;
  /** The model that the host hands to its listeners knows its id; the one given to us may not. */
  #real: unknown = null;
  #resyncTimer: ReturnType<typeof setTimeout> | undefined;
  #behindTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.kind = String(model.get("_kind") ?? "answer");
    this.transcript = fromTraits(this.#traits());
    this.#requests = new Requests((message, buffers) => this.#send(message, buffers), this.#end.signal);
    this.pictures = new Pictures((id) => this.#send({ type: "image", id }), this.#end.signal);
    onceGone(model, () => this.lose(), this.#end.signal);
    void hearAgain(model);
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
      clearTimeout(this.#behindTimer);
      this.#watchers.clear();
    });
    // What came before this link was made is heard right after.
    if (this.transcript.behind) this.#behindTimer = setTimeout(() => this.#catchUp(), 0);
  }

  close(): void {
    this.#end.abort();
  }

  /** Aborts when the model is closed. */
  get closed(): AbortSignal {
    return this.#end.signal;
  }

  /** What the host has made the widget with, where it tells. */
  get host(): unknown {
    return this.#model.widget_manager;
  }

  /** The model's id, or "" where the host does not tell. */
  id(): Promise<string> {
    return modelId(this.#model, this.#real);
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
    if (message.type === "ack" || message.type === "refused" || message.type === "models") this.#requests.take(message);
    const { now, resync } = receive(this.transcript, message);
    this.transcript = now;
    if (resync) this.resync();
    this.#tell();
  }

  /** Asks for all that was missed, and again, ever more rarely, while the gap stays. */
  resync(patience = RESYNC_AGAIN): void {
    clearTimeout(this.#resyncTimer);
    if (this.gone) return;
    const { version } = this.transcript;
    this.#send(this.kind === "chat" ? { type: "resync", version } : { type: "resync" });
    this.#resyncTimer = setTimeout(() => {
      const { gap, behind } = this.transcript;
      if ((gap || behind) && patience < 60_000) this.resync(patience * 2);
    }, patience);
  }

  /** Sends a request; resolves to null when the kernel took it, or to why it did not. */
  request(request: Request, buffers?: unknown[]): Promise<string | null> {
    return new Promise((resolve) => void this.#requests.make(request, (reply) => resolve(refusal(reply)), { buffers }));
  }

  /** The models that can be chosen, and why there are none or not all. */
  models(): Promise<{ models: readonly ModelCard[]; error: Failure | null }> {
    return new Promise((resolve) => {
      const tell = (reply: Reply) =>
        resolve(reply.type === "models" ? reply : { models: [], error: { type: "Refused", message: refusal(reply) ?? "no models came" } });
      this.#requests.make({ type: "models" }, tell);
    });
  }

  /** Asks a question, with whole uploads by name; resolves to null when the kernel took it, or to why it did not. */
  send(text: string, uploads: string[] = []): Promise<string | null> {
    const known = this.#isTaken(text);
    return new Promise((resolve) => {
      const tell = (reply: Reply) => {
        this.#asked.delete(reply.id);
        resolve(refusal(reply));
      };
      const id = this.#requests.make({ type: "ask", text, uploads }, tell);
      if (!known) this.#asked.set(id, text);
    });
  }

  /** The kernel is gone; views show what they have, and say so. */
  lose(): void {
    if (this.gone) return;
    this.gone = true;
    this.stopping = false;
    this.#requests.fail("the kernel is gone");
    this.#tell();
  }

  stop(): void {
    const { state } = this.transcript;
    if (!isRunning(state) || this.gone) return;
    let answered = false;
    this.stopping = true;
    // A Stop that comes late would stop another answer.
    const told = ({ type }: Reply) => {
      answered = true;
      if (type === "refused") this.stopping = false;
    };
    const id = this.#requests.make({ type: "stop" }, told, { once: true });
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
    const comm = await this.id();
    if (comm) stopByControl(kernelOf(this.#model), comm, id);
  }

  #send(message: FromBrowser, buffers?: unknown[]): boolean {
    try {
      this.#model.send(message, undefined, buffers);
      return true;
    } catch (error) {
      console.warn("[jupyter_openrouter] the kernel cannot be reached", error);
      return false;
    }
  }

  #isTaken(text: string): boolean {
    const { asking, queued } = this.transcript;
    return text === asking || queued.some((one) => one.text === text);
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
    // A question that is being answered, or waits, was taken, whether or not its `ack` came through.
    for (const [id, text] of this.#asked) if (this.#isTaken(text)) this.#requests.take({ type: "ack", id });
    if (this.transcript.behind && !this.#behindTimer) this.#behindTimer = setTimeout(() => this.#catchUp(), ON_ITS_WAY);
    this.#tell();
  }

  /** A `turns` message was lost, unless it has come by now. */
  #catchUp(): void {
    this.#behindTimer = undefined;
    if (this.transcript.behind) this.resync();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
