/** What is being written in a chat, for every view of it: text and attachments, what is on its way, what came back. */
import { MOST_ATTACHED } from "./attachable";
import { type Awaited, BEHIND, follow, isHeld, type Standing } from "./awaiting";
import type { KeptFile } from "./memory";
import { questions, Recall } from "./recall";
import { Upload, type Wire } from "./upload";

/** How long, in milliseconds, a question may be on its way before that is shown. */
export const SLOW = 800;
const REMEMBERED = 100;
/** Bytes of a question; a message with more than 1 MiB is refused. */
const LONGEST = 1_000_000;

/** A question that has left the box. */
export interface Sent {
  text: string;
  attached: readonly Upload[];
  /** What of it is shown: nothing yet, that its attachments are uploaded, or that the kernel has not taken it. */
  shows: "" | "uploading" | "waiting";
  /** Resolves when nothing that was sent later needs to wait for it any more. */
  left: Promise<void>;
  leave(): void;
  /** A turn from this index on may hold it. */
  from: number;
}

/** What carries questions to the kernel. */
export interface Sender extends Wire {
  send(text: string, uploads: string[]): Promise<string | null>;
}

export class Draft {
  text = "";
  attached: readonly Upload[] = [];
  /** What was sent and not taken so far. */
  out: readonly Sent[] = [];
  /** Why something was not sent or not attached; "" when there is nothing to say. */
  note = "";
  readonly #sender: Sender;
  readonly #recall = new Recall();
  readonly #watchers = new Set<() => void>();
  /** What is being written elsewhere than in the box. */
  readonly #elsewhere = new Set<() => string>();
  #awaited: readonly Awaited<Sent>[] = [];
  #asked: readonly string[] = [];
  #now: Standing = { state: "idle", asking: "", queued: [], messages: [] };
  #behind: ReturnType<typeof setTimeout> | undefined;
  /** What a question's return has made of the box, while nobody has changed it. */
  #returned: { one: Awaited<Sent>; box: string } | null = null;

  /** Ends with `signal`: what is then on its way is not followed any more. */
  constructor(sender: Sender, signal?: AbortSignal) {
    this.#sender = sender;
    signal?.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Calls `watcher` after every change until `signal` aborts. */
  watch(watcher: () => void, signal: AbortSignal): void {
    this.#watchers.add(watcher);
    signal.addEventListener("abort", () => this.#watchers.delete(watcher), { once: true });
  }

  close(): void {
    clearTimeout(this.#behind);
    this.#watchers.clear();
  }

  write(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.note = "";
    this.#tell();
  }

  say(note: string): void {
    this.note = note;
    this.#tell();
  }

  /** Attaches files, and begins to upload them. */
  add(files: Iterable<{ file: Blob; name: string }>): void {
    this.note = "";
    for (const { file, name } of files) {
      if (this.attached.length >= MOST_ATTACHED) {
        this.note = `At most ${MOST_ATTACHED} files go with one question.`;
        break;
      }
      this.attached = [...this.attached, this.#upload(file, name)];
    }
    this.#tell();
  }

  remove(upload: Upload): void {
    this.attached = this.attached.filter((one) => one !== upload);
    upload.discard();
    this.#tell();
  }

  /** All that was written and has not gone out. */
  get unsent(): string {
    const held = this.out.filter(({ shows }) => shows === "uploading").map(({ text }) => text);
    const elsewhere = Array.from(this.#elsewhere, (read) => read());
    return [...held, ...elsewhere, this.text].filter((text) => text.trim()).join("\n\n");
  }

  /** Counts what `read` gives as unsent until the returned function is called; that is told `why` where it goes to the box. */
  lend(read: () => string): (why?: string, files?: readonly { file: Blob; name: string }[]) => void {
    this.#elsewhere.add(read);
    return (why = "", files = []) => {
      const left = this.#elsewhere.delete(read) && why ? read() : "";
      if (!why || (!left.trim() && !files.length)) return;
      this.text = [this.text, left].filter((text) => text.trim()).join("\n\n");
      this.add(files);
      this.say([why, this.note].filter(Boolean).join(" "));
    };
  }

  /** The files of all that. */
  get files(): KeptFile[] {
    const held = this.out.filter(({ shows }) => shows === "uploading").flatMap(({ attached }) => attached);
    return [...held, ...this.attached].filter(({ reason }) => reason === null).map(({ kept }) => kept);
  }

  /** Takes up what an earlier page has left in the box; what is lost of it is said. */
  takeUp(text: string, files: readonly KeptFile[]): void {
    if (text && !this.text) this.text = text;
    if (files.length && !this.attached.length) {
      this.attached = files.filter(({ whole }) => whole).slice(0, MOST_ATTACHED).map((file) => new Upload(file, file.name, this.#sender, this.#tell));
      const lost = files.filter(({ whole }) => !whole).map(({ name }) => name);
      this.note = lost.length ? `Attach again what had not been uploaded when the page was loaded again: ${lost.join(", ")}.` : "";
    }
    this.#tell();
  }

  /** Whether there is something to send, and nothing in it that cannot go. */
  get sendable(): boolean {
    return (this.text.trim() !== "" || this.attached.length > 0) && this.attached.every((one) => one.reason === null);
  }

  /** Sends what is in the box, which is empty from then on; what is refused comes back. */
  send(): void {
    if (!this.sendable) return;
    const { text, attached } = this;
    if (new TextEncoder().encode(text).length > LONGEST) {
      this.say("The question is longer than 1 MB. Attach the long part as a text file.");
      return;
    }
    this.text = "";
    this.attached = [];
    void this.#carry(text.trim(), attached);
  }

  /** Sends a question that was not written in the box, and leaves the box as it is. */
  ask(text: string): void {
    void this.#carry(text, []);
  }

  /** Takes a question back that has not gone out yet. */
  takeBack(sent: Sent): void {
    if (this.out.includes(sent) && sent.shows === "uploading") this.#return(sent, "");
  }

  /** Up in an empty box: the question before; null when there is none. */
  earlier(): string | null {
    const asked = this.#now.messages.filter((turn) => turn.role === "user").map((turn) => turn.content);
    const found = this.#recall.earlier(this.text, questions(asked, this.#asked));
    if (found !== null) this.write(found);
    return found;
  }

  /** Down after that: the question after it, at last what was in the box. */
  later(): string | null {
    const found = this.#recall.later(this.text);
    if (found !== null) this.write(found);
    return found;
  }

  /** Takes in where the chat stands: a question to which nothing was answered comes back. */
  take(now: Standing): void {
    this.#now = now;
    const { rest, back } = follow(this.#awaited, now, performance.now());
    this.#awaited = rest;
    if (rest.every(({ seen }) => seen !== "")) clearTimeout(this.#behind);
    for (const one of back) {
      const alone = !this.text.trim() && !this.attached.length;
      this.#return(one.item, "");
      if (alone) this.#returned = { one, box: this.text };
    }
    // The turn may come after the state: what was put back, and not changed since, is not needed then.
    const kept = this.#returned;
    if (kept && kept.box !== this.text) this.#returned = null;
    else if (kept && isHeld(kept.one, now)) {
      this.#returned = null;
      for (const upload of this.attached) upload.discard();
      this.attached = [];
      this.write("");
    }
  }

  /** Questions go in the order in which they were sent, whatever is uploaded with them. */
  async #carry(text: string, attached: readonly Upload[]): Promise<void> {
    const before = this.out.map(({ left }) => left);
    let leave = () => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    const shows = attached.every((one) => one.whole) ? "" : "uploading";
    const sent: Sent = { text, attached, shows, left, leave, from: this.#now.messages.length };
    this.out = [...this.out, sent];
    this.note = "";
    if (text) this.#asked = [...this.#asked, text].slice(-REMEMBERED);
    this.#tell();
    if (before.length || attached.length) await Promise.all([...before, ...attached.map((one) => one.ended)]);
    if (!this.out.includes(sent)) return;
    const failed = attached.find((one) => one.reason !== null);
    if (failed) this.#return(sent, `Not sent: ${failed.name}: ${failed.reason}.`);
    else await this.#ask(sent);
  }

  async #ask(sent: Sent): Promise<void> {
    sent.shows = "";
    const slow = setTimeout(() => {
      sent.shows = "waiting";
      this.#tell();
    }, SLOW);
    const reply = this.#sender.send(sent.text, sent.attached.map((one) => one.id));
    sent.leave();
    const refused = await reply;
    clearTimeout(slow);
    if (refused !== null) {
      this.#return(sent, `Not sent: ${refused}`, false);
      return;
    }
    this.out = this.out.filter((one) => one !== sent);
    this.#awaited = [...this.#awaited, { text: sent.text, files: sent.attached.length, item: sent, from: sent.from, seen: "", since: performance.now() }];
    clearTimeout(this.#behind);
    this.#behind = setTimeout(() => this.take(this.#now), BEHIND + 1);
    this.take(this.#now);
    this.#tell();
  }

  /** Puts a question before what is in the box by now; uploads that the kernel has used up are made again. */
  #return(sent: Sent, note: string, used = !this.out.includes(sent)): void {
    this.out = this.out.filter((one) => one !== sent);
    sent.leave();
    this.text = [sent.text, this.text].filter((text) => text.trim()).join("\n\n");
    const uploads = used ? sent.attached.flatMap(({ file, name }) => (file ? [this.#upload(file, name)] : [])) : sent.attached;
    const lost = used ? sent.attached.filter(({ file }) => !file).map(({ name }) => name) : [];
    this.attached = [...uploads, ...this.attached];
    this.note = [note, lost.length ? `Attach again: ${lost.join(", ")}.` : ""].filter(Boolean).join(" ");
    this.#tell();
  }

  #upload(file: Blob, name: string): Upload {
    return new Upload(file, name, this.#sender, this.#tell);
  }

  readonly #tell = (): void => {
    for (const watcher of this.#watchers) watcher();
  };
}
