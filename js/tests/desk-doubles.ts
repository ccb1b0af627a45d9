/** Doubles for what stands below the messages of a chat: a wire to a kernel that answers when the test says so. */
import type { Listed } from "../src/catalogue";
import type { Orders } from "../src/desk";
import type { Request } from "../src/requests";

export interface Asked {
  request: Request;
  buffers: ArrayBuffer[];
  answer(reason: string | null): void;
}

/** Everything that is asked, in order; with `willing` each is taken at once. */
export function wire(willing = false) {
  const all: Asked[] = [];
  const ask = (request: Request, buffers: ArrayBuffer[] = []) =>
    new Promise<string | null>((resolve) => {
      all.push({ request, buffers, answer: resolve });
      if (willing) resolve(null);
    });
  const listed: Listed = { models: [], error: null };
  const carrier: Orders & { stops: number } = {
    stops: 0,
    request: ask,
    send: (text, uploads) => ask({ type: "ask", text, uploads }),
    models: () => Promise.resolve(listed),
    stop: () => void carrier.stops++,
  };
  /** The request of this number, once it has been made. */
  const sent = async (at: number): Promise<Asked> => {
    for (let tries = 0; tries < 1000; tries++) {
      const found = all[at];
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`only ${all.length} requests were made`);
  };
  return { all, sent, carrier, answer: (at: number, reason: string | null) => (all[at] as Asked).answer(reason) };
}

/** Lets everything happen that waits for nothing but promises. */
export const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** The beginnings of an image and of a PDF, which their bytes are known by. */
export const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
export const PDF = [0x25, 0x50, 0x44, 0x46, 0x2d];

/** So many bytes that begin like that. */
export function bytesOf(mark: readonly number[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  bytes.set(mark);
  return bytes;
}
