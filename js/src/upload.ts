/** One attachment on its way to the kernel: sent in pieces, each when the one before was taken. */
import { isText, type Kind, kindOf, kindRefused, markedAs, markRefused, sizeRefused } from "./attachable";
import type { KeptFile } from "./memory";
import type { Attached } from "./protocol";
import type { Request } from "./requests";

/** Bytes of one piece; a message of at most 1 MiB holds it in base64 as well. */
export const PIECE = 512 * 1024;
const LOOKED_AT = 4096;
/** Longer ones the kernel refuses; what is cut off a name is its beginning, for its end says what it is. */
const LONGEST_NAME = 255;
const LONGEST_MIME = 100;

/** What carries a message to the kernel: resolves to null when it was taken, else to why it was not. */
export interface Wire {
  request(message: Request, buffers?: ArrayBuffer[]): Promise<string | null>;
}

let uploads = 0;

export class Upload {
  readonly id: string;
  readonly name: string;
  /** Its bytes; null where only the kernel has them. */
  readonly file: Blob | null;
  readonly bytes: number;
  kind: Attached["kind"];
  mime: string;
  /** Bytes that the kernel has taken. */
  sent = 0;
  whole = false;
  /** Why it cannot go; null while nothing speaks against it. */
  reason: string | null = null;
  /** Resolves when it is whole, or to why it is not. */
  readonly ended: Promise<string | null>;
  #dropped = false;
  readonly #wire: Wire;
  readonly #changed: () => void;

  /** A file of the page, which begins to be uploaded; or one that the kernel has had since before the page was loaded again. */
  constructor(file: Blob | KeptFile, name: string, wire: Wire, changed: () => void) {
    this.name = name.slice(-LONGEST_NAME) || "file";
    this.#wire = wire;
    this.#changed = changed;
    if (!("size" in file)) {
      [this.id, this.file, this.kind, this.mime, this.bytes, this.sent] = [file.id, null, file.kind, "", file.bytes, file.bytes];
      this.whole = true;
      this.ended = Promise.resolve(null);
      return;
    }
    this.id = `u-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}-${++uploads}`;
    this.file = file;
    this.bytes = file.size;
    const known = kindOf(name, file.type);
    this.kind = known?.kind ?? "text";
    this.mime = (known?.mime ?? "text/plain").slice(0, LONGEST_MIME);
    this.ended = this.#run(file, known).then((reason) => {
      this.reason = reason;
      this.#changed();
      return reason;
    });
  }

  /** What a page that is loaded again must know of it. */
  get kept(): KeptFile {
    const { id, name, kind, bytes, whole } = this;
    return { id, name, kind, bytes, whole };
  }

  /** Takes it back from the kernel, whatever has come of it. */
  discard(): void {
    this.#dropped = true;
    // While a piece is on its way, that is told when it has been taken.
    if (this.whole) this.#forget();
  }

  #forget(): void {
    void this.#wire.request({ type: "discard", upload: this.id });
  }

  async #run(file: Blob, claimed: Kind | null): Promise<string | null> {
    const size = sizeRefused(file.size);
    if (size) return size;
    try {
      const start = new Uint8Array(await file.slice(0, LOOKED_AT).arrayBuffer());
      const marked = markedAs(start);
      if (marked) ({ kind: this.kind, mime: this.mime } = marked);
      const refused = marked ? null : claimed ? markRefused(claimed) : isText(start, file.size <= LOOKED_AT) ? null : kindRefused(file.type);
      if (refused) return refused;
      for (let offset = 0; offset < file.size; offset += PIECE) {
        const piece = await file.slice(offset, offset + PIECE).arrayBuffer();
        if (this.#dropped) return "it was removed";
        const message = { type: "upload", upload: this.id, name: this.name, mime: this.mime, size: file.size, offset } as const;
        const reason = await this.#wire.request(message, [piece]);
        if (reason !== null) return reason;
        this.sent = Math.min(file.size, offset + piece.byteLength);
        if (this.#dropped) {
          this.#forget();
          return "it was removed";
        }
        this.#changed();
      }
      this.whole = true;
    } catch (error) {
      // A folder that was dropped, or a file that has changed on the disk.
      return `it cannot be read (${error instanceof Error ? error.name : "unknown"})`;
    }
    return null;
  }
}
