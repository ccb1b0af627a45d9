/** Keeps one module for all widgets of a page: made of gzip-compressed code by whoever brings that first. */

export interface Shelf<T> {
  /** Takes the compressed code; the first one counts. */
  take(gzip: BlobPart): void;
  ready: Promise<T>;
  /** The module, once it is there. */
  now?: T;
  /** How long one more widget waits before it asks, in milliseconds. */
  wait?: number;
}

const world = globalThis as unknown as Record<symbol, Shelf<unknown> | undefined>;

/** The one shelf of this name in the page. */
export function shelf<T>(name: string): Shelf<T> {
  const key = Symbol.for("jupyter_openrouter/" + name);
  return (world[key] ??= open(key)) as Shelf<T>;
}

function open(key: symbol): Shelf<unknown> {
  const made = {} as Shelf<unknown>;
  made.ready = new Promise<BlobPart>((resolve) => (made.take = resolve)).then(async (gzip) => {
    const code = new Blob([gzip]).stream().pipeThrough(new DecompressionStream("gzip"));
    const url = URL.createObjectURL(await new Response(code, { headers: { "content-type": "text/javascript" } }).blob());
    return import(url).finally(() => URL.revokeObjectURL(url));
  });
  made.ready.then(
    (module) => (made.now = module),
    () => delete world[key], // the next one tries again; the rejection itself reaches the console
  );
  return made;
}
