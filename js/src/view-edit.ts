/** Lets a question be written anew in its place, with its files: Enter asks it, Esc leaves it as it was. */
import { MOST_ATTACHED } from "./attachable";
import { asksForBreak, breakLine } from "./line-break";
import type { Attached } from "./protocol";
import type { TurnActions } from "./turn-actions";
import { Upload, type Wire } from "./upload";
import { AttachedView } from "./view-attached";
import { AttachmentsView } from "./view-attachments";
import { type Named, takeFiles } from "./view-drop";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { visible } from "./visible";

const TALLEST = 320;
const SLOW = 3000;

export interface Edited {
  text: string;
  /** Indexes of the attachments that stay. */
  keep: number[];
  /** New ones, by name; all of them whole. */
  uploads: string[];
}

export interface Editing {
  /** Gives the address of an image by its id, or "" while it is on its way. */
  picture(id: string): string;
  /** Follows what is written, until the returned function is called; told why, that puts it and new files into the box. */
  writing: TurnActions["writing"];
  /** Brings new files to the kernel. */
  wire: Wire;
  /** What the button says. */
  ask: string;
  /** Resolves to null when the kernel took it, or to why not; then the text stays. */
  send(edited: Edited): Promise<string | null>;
  /** Takes the view away, `done` or given up. */
  close(done: boolean): void;
}

export class EditView {
  readonly root = element("form", "jor-edit");
  readonly #box = element("textarea", "jor-box");
  readonly #ask: HTMLButtonElement;
  readonly #attach = button("jor-quiet-button", "Attach files", icon("add"));
  readonly #files = element("input", "jor-files");
  readonly #note = element("p", "jor-note");
  readonly #attached: AttachedView;
  readonly #new: AttachmentsView;
  readonly #editing: Editing;
  readonly #end = new AbortController();
  #attachments: readonly Attached[] = [];
  #keep: number[] = [];
  #uploads: readonly Upload[] = [];
  #before = "";
  #sending = false;
  /** The kernel was asked and has not answered. */
  #asked = false;
  #unlend: ReturnType<TurnActions["writing"]> = () => undefined;

  constructor(editing: Editing, signal: AbortSignal) {
    this.#editing = editing;
    this.#attached = new AttachedView(editing.picture);
    this.#new = new AttachmentsView((upload) => this.#remove(upload), () => this.focus(), this.#end.signal);
    this.#ask = button("jor-button jor-send", editing.ask);
    const cancel = button("jor-button", "Cancel");
    this.#ask.type = "submit";
    this.#attach.title = "Attach files";
    this.#box.dir = "auto";
    this.#box.rows = 1;
    this.#box.setAttribute("aria-label", "Edit the question");
    this.#files.type = "file";
    this.#files.multiple = true;
    this.#files.tabIndex = -1;
    show(this.#files, false);
    this.#note.setAttribute("role", "status");
    show(this.#note, false);
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    const row = element("div", "jor-edit-row", this.#attach, element("span", "jor-space"), cancel, this.#ask);
    this.root.append(this.#box, this.#attached.root, this.#new.root, this.#files, this.#note, row);
    cancel.addEventListener("click", () => this.close());
    this.#attach.addEventListener("click", () => this.#files.click());
    this.#files.addEventListener("change", () => {
      this.#add(Array.from(this.#files.files ?? [], (file) => ({ file, name: file.name })));
      this.#files.value = "";
      this.focus();
    });
    this.#box.addEventListener("input", () => this.#fit());
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.root.addEventListener("keydown", (event) => this.#onKey(event));
    takeFiles(this.root, (files) => this.#add(files), () => !this.#sending, this.#end.signal);
    signal.addEventListener("abort", () => this.leave(), { once: true, signal: this.#end.signal });
  }

  open(text: string, attachments: readonly Attached[] = []): void {
    this.#box.value = this.#before = text;
    this.#unlend = this.#editing.writing(() => (this.#box.value === this.#before ? "" : this.#box.value));
    this.#attachments = attachments;
    this.#keep = attachments.map((_, at) => at);
    this.#draw();
    this.focus();
    this.#box.setSelectionRange(text.length, text.length);
    this.#fit();
  }

  focus(): void {
    this.#box.focus({ preventScroll: true });
  }

  /** Draws images that have come. */
  draw(): boolean {
    return this.#attached.draw();
  }

  close(done = false): void {
    const left = this.#end.signal.aborted;
    this.#letGo();
    if (!left) this.#editing.close(done);
  }

  /** Its place is gone: what was written goes to the box with its new files, unless the kernel takes it. */
  leave(why = "An edit of a question was not asked; its text is here."): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    if (!this.#asked) this.#letGo(why);
  }

  #letGo(why = ""): void {
    this.#end.abort();
    for (const upload of this.#uploads) upload.discard();
    this.#unlend(why, this.#uploads.flatMap(({ file, name }) => (file ? [{ file, name }] : [])));
    this.#uploads = [];
  }

  #draw(): void {
    const kept = this.#keep.map((at) => this.#attachments[at] as Attached);
    this.#attached.take(kept, (at) => {
      this.#keep.splice(at, 1);
      this.#draw();
      this.focus();
    });
    this.#drawNew();
  }

  #drawNew(): void {
    this.#new.take(this.#uploads);
    this.#ask.disabled = this.#sending || this.#uploads.some(({ reason }) => reason !== null);
  }

  #add(files: readonly Named[]): void {
    this.#say("");
    for (const { file, name } of files) {
      if (this.#keep.length + this.#uploads.length >= MOST_ATTACHED) {
        this.#say(`At most ${MOST_ATTACHED} files go with one question.`);
        break;
      }
      this.#uploads = [...this.#uploads, new Upload(file, name, this.#editing.wire, () => this.#drawNew())];
    }
    this.#drawNew();
  }

  #remove(upload: Upload): void {
    this.#uploads = this.#uploads.filter((one) => one !== upload);
    upload.discard();
    this.#drawNew();
  }

  async #submit(): Promise<void> {
    const text = this.#box.value.trim();
    const uploads = this.#uploads;
    if (this.#ask.disabled || (!text && !this.#keep.length && !uploads.length)) return;
    this.#hold(true);
    if (uploads.some(({ whole }) => !whole)) this.#say("Its files are being uploaded.");
    const failed = uploads.length > 0 && (await Promise.all(uploads.map(({ ended }) => ended))).some((reason) => reason !== null);
    if (this.#end.signal.aborted) return;
    this.#say("");
    const slow = setTimeout(() => this.#say("The kernel has not heard this yet; it may be busy with a cell."), SLOW);
    this.#asked = true;
    const refused = failed ? "a file cannot go with it" : await this.#editing.send({ text, keep: this.#keep, uploads: uploads.map(({ id }) => id) });
    this.#asked = false;
    clearTimeout(slow);
    this.#hold(false);
    const note = refused === null ? "" : `Not asked: ${refused}`;
    this.#say(note);
    if (refused === null) {
      this.#uploads = []; // the kernel has used them up
      this.close(true);
    } else if (this.#end.signal.aborted) this.#letGo(note);
  }

  #hold(sending: boolean): void {
    this.#sending = sending;
    this.#box.readOnly = this.#attach.disabled = sending;
    this.#drawNew();
  }

  #say(note: string): void {
    setText(this.#note, visible(note));
    show(this.#note, note !== "");
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (asksForBreak(event) && event.target === this.#box) breakLine(this.#box);
    else if (event.key !== "Enter" || event.shiftKey || event.target !== this.#box) return;
    else this.root.requestSubmit();
    event.preventDefault();
    event.stopPropagation();
  }

  #fit(): void {
    this.#box.style.height = "auto";
    const { scrollHeight } = this.#box;
    if (scrollHeight) this.#box.style.height = `${Math.min(TALLEST, scrollHeight + 2)}px`;
  }
}
