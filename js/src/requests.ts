/** Sends what the kernel must answer, once more where no answer comes, and tells each asker how it ended. */
import type { FromBrowser, FromKernel } from "./protocol";

type WithoutId<T> = T extends { id: string } ? Omit<T, "id"> : never;

/** What the kernel acts on once, and acknowledges or refuses. */
export type Request = WithoutId<Exclude<FromBrowser, { type: "image" }>>;

/** The kernel's answer to a request. */
export type Reply = Extract<FromKernel, { type: "ack" | "refused" | "models" }>;

/** After how long, in milliseconds, what was not answered is sent again, with the same id: it is acted on once. */
const AGAIN = [10_000, 40_000, 160_000];

interface Waiting {
  tell(reply: Reply): void;
  timer?: ReturnType<typeof setTimeout>;
}

let ids = 0;

export class Requests {
  readonly #send: (message: FromBrowser, buffers?: unknown[]) => boolean;
  readonly #waiting = new Map<string, Waiting>();

  constructor(send: (message: FromBrowser, buffers?: unknown[]) => boolean, signal: AbortSignal) {
    this.#send = send;
    signal.addEventListener("abort", () => this.fail("the view was closed"), { once: true });
  }

  /** Sends a request, `once` or until it is answered, which `tell` is told once; returns its id. */
  make(request: Request, tell: (reply: Reply) => void, { buffers, once = false }: { buffers?: unknown[] | undefined; once?: boolean } = {}): string {
    ids += 1;
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${ids}`;
    const waiting: Waiting = { tell };
    this.#waiting.set(id, waiting);
    const send = (times: number) => {
      if (!this.#send({ ...request, id } as FromBrowser, buffers)) this.take({ type: "refused", id, reason: "the kernel cannot be reached" });
      else if (!once && AGAIN[times]) waiting.timer = setTimeout(() => send(times + 1), AGAIN[times]);
    };
    send(0);
    return id;
  }

  take(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    clearTimeout(waiting?.timer);
    waiting?.tell(reply);
  }

  /** Answers all that wait: nothing will come any more. */
  fail(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.take({ type: "refused", id, reason });
  }
}
