/**
 * The `_esm` of every widget: fetches the core once per page, and shows plain text until it has come.
 * Its text goes over the comm for each widget, so it stays below 2 kB when built.
 */
import type { Core, Entry } from "./core";
import { kernelOf, type Model } from "./kernel";
import type { FromKernel } from "./protocol";
import { type Shelf, shelf } from "./shelf";

interface Known extends Entry {
  page: Shelf<Core>;
  /** Redraws the plain views, which stand in while there is no core. */
  plain: Set<() => void>;
  close(): void;
}

interface Given {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal;
}

const known = new Map<Model, Known>();
function join(model: Model): Known {
  const id = model.get("_core_id") as string;
  const page = shelf<Core>(id);
  // The first widget asks at once; others only when nothing has come, its kernel may be busy or gone.
  let wait = page.wait ?? 0;
  page.wait = 3000;
  const hear = (message: FromKernel, buffers: BlobPart[]) => {
    // Only the core itself has this id.
    if ((message as { id?: string }).id === id) page.take(buffers[0] as BlobPart);
    else if (page.now) page.now.hear(entry, message);
    else {
      entry.queue.push(message);
      entry.plain.forEach((draw) => draw());
    }
  };
  let timer: ReturnType<typeof setTimeout>;
  const ask = () => {
    if (page.now || wait > 1e5) return;
    model.send({ type: "part", part: "core" });
    timer = setTimeout(ask, (wait = wait * 2 || 1500));
  };
  const entry: Known = {
    model,
    queue: [],
    page,
    plain: new Set(),
    close() {
      clearTimeout(timer);
      model.off("msg:custom", hear);
      known.delete(model);
      page.now?.close(entry);
    },
  };
  known.set(model, entry);
  model.on("msg:custom", hear);
  const gzip = model.get("_core_gz") as BlobPart | null;
  if (gzip) page.take(gzip);
  else if (wait) timer = setTimeout(ask, wait);
  else ask();
  return entry;
}

function isRunning(model: Model): boolean {
  return /ing$/.test(model.get("state") as string); // waiting, streaming
}

/** Ends with the signal that newer hosts give, or by being returned to older ones. */
function until(signal: AbortSignal | undefined, end: () => void): () => void {
  signal?.addEventListener("abort", end);
  return end;
}

/** The text as it stands, and a Stop button, until the core can take over; where it is there, that is before a frame. */
function plainView(entry: Known, el: HTMLElement, signal: AbortSignal): void {
  const { model, queue, page } = entry;
  const root = document.createElement("div");
  const text = new Text();
  const stop = document.createElement("button");
  root.style.whiteSpace = "pre-wrap";
  stop.append("Stop");
  stop.onclick = () => {
    const id = "p" + Math.random();
    model.send({ type: "stop", id });
    setTimeout(() => {
      // Once the core is there, it hears the messages: then a second click stops through it.
      const heard = page.now || queue.some((message) => "id" in message && message.id === id);
      if (!heard && isRunning(model) && model.get("interruptible")) kernelOf(model)?.interrupt?.();
    }, 300);
  };
  const draw = () => {
    let shown = model.get("message") as string;
    stop.hidden = !isRunning(model);
    if (!stop.hidden)
      for (const message of queue) {
        // A delta and a snapshot: only these have reasoning beside the text that goes in at an offset.
        if ("reasoning" in message) shown = shown.slice(0, (message as { offset?: number }).offset ?? 0) + message.text;
      }
    text.data = shown;
  };
  draw();
  root.append(text, stop);
  el.append(root);
  entry.plain.add(draw);
  model.on("change:state", draw);
  const end = () => {
    entry.plain.delete(draw);
    model.off("change:state", draw);
    root.remove();
  };
  until(signal, end);
  page.ready.then((core) => {
    if (signal.aborted) return;
    end();
    core.render(entry, el, signal);
  });
}

export default {
  initialize({ model, signal }: Given) {
    return until(signal, join(model).close);
  },
  render({ model, el, signal }: Given) {
    // anywidget gives each call another proxy of the model; there this module is the model's own, so one is known.
    const entry = known.get(model) ?? ((known.size === 1 && [...known.values()][0]) || join(model));
    const view = new AbortController();
    plainView(entry, el, view.signal);
    return until(signal, () => view.abort());
  },
};
