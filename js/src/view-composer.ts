/** The box in which a question is written, with what is attached to it, and the button that sends it, or stops the answer. */
import type { Draft } from "./draft";
import { asksForBreak, breakLine } from "./line-break";
import { AttachmentsView } from "./view-attachments";
import { takeFiles } from "./view-drop";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { stopButton } from "./view-stop";
import { visible } from "./visible";

/** The most that one question may hold, in characters; the kernel refuses above 1 MiB. */
const LONGEST = 1_000_000;
const TALLEST = 320;

export interface Composing {
  draft: Draft;
  stop(): void;
  /** The whole chat, on which files can be dropped. */
  area: HTMLElement;
  /** What stands in the row of buttons below the box. */
  tools: readonly HTMLElement[];
}

export class ComposerView {
  readonly root = element("form", "jor-composer");
  readonly #box = element("textarea", "jor-box");
  readonly #send = button("jor-button jor-send", "Send");
  readonly #stop: HTMLButtonElement;
  readonly #attach = button("jor-quiet-button jor-attach", "Attach images, PDFs, sound or text", icon("add"));
  readonly #files = element("input", "jor-files");
  readonly #attachments: AttachmentsView;
  readonly #note = element("p", "jor-note");
  readonly #draft: Draft;
  #running = false;
  #gone = false;

  constructor({ draft, stop, area, tools }: Composing, signal: AbortSignal) {
    this.#draft = draft;
    this.#stop = stopButton(() => {
      // The button goes away when the answer ends; typing can go on in the box.
      if (this.#focused() === this.#stop) this.#box.focus();
      stop();
    });
    this.#attachments = new AttachmentsView((upload) => draft.remove(upload), () => this.#box.focus(), signal);
    this.#send.type = "submit";
    this.#box.rows = 1;
    this.#box.dir = "auto";
    this.#box.placeholder = "Ask a question";
    this.#box.setAttribute("aria-label", "Your question");
    this.#box.maxLength = LONGEST;
    this.#files.type = "file";
    this.#files.multiple = true;
    this.#files.tabIndex = -1;
    this.#attach.title = "Attach files";
    show(this.#files, false);
    // JupyterLab's single-key commands must not hear what is typed here.
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.#note.setAttribute("role", "status");
    const row = element("div", "jor-desk-tools", this.#attach, ...tools, element("span", "jor-space"), this.#send, this.#stop);
    const frame = element("div", "jor-composer-frame", this.#attachments.root, this.#box, row);
    this.root.append(frame, this.#files, this.#note);
    this.#listen(area, frame, signal);
    this.#draw();
  }

  #listen(area: HTMLElement, frame: HTMLElement, signal: AbortSignal): void {
    const draft = this.#draft;
    const on = <T extends Event>(target: HTMLElement, name: string, act: (event: T) => void) => target.addEventListener(name, act as EventListener, { signal });
    on(this.root, "submit", (event) => {
      event.preventDefault();
      if (!this.#gone) draft.send();
    });
    on<KeyboardEvent>(this.#box, "keydown", (event) => this.#onKey(event));
    on(this.#box, "input", () => {
      draft.write(this.#box.value);
      this.#fit();
    });
    on(this.#attach, "click", () => this.#files.click());
    on(this.#files, "change", () => {
      draft.add(Array.from(this.#files.files ?? [], (file) => ({ file, name: file.name })));
      this.#files.value = "";
      this.#box.focus();
    });
    // The empty ground of the frame is a part of the box for who clicks there.
    on(frame, "pointerdown", (event) => {
      if (event.target !== frame && !(event.target as Element).matches(".jor-desk-tools, .jor-space, .jor-attachments")) return;
      event.preventDefault();
      this.#box.focus();
    });
    takeFiles(area, (files) => draft.add(files), () => !this.#gone, signal);
    draft.watch(() => this.#draw(), signal);
  }

  /** Turns Send into Stop while an answer runs; then Enter and a second button put the question in the queue. */
  take(running: boolean, gone: boolean): void {
    if (running === this.#running && gone === this.#gone) return;
    this.#running = running;
    this.#gone = gone;
    this.#draw();
  }

  /** Looks again at how high the box must be: it can measure its text only when it is in the page. */
  fit(): void {
    this.#fit();
  }

  focus(): void {
    this.#box.focus({ preventScroll: true });
  }

  #draw(): void {
    const { text, attached, note, sendable } = this.#draft;
    this.#attachments.take(attached);
    if (text !== this.#box.value) {
      this.#box.value = text;
      this.#box.setSelectionRange(text.length, text.length);
      this.#fit();
    }
    const filled = text.trim() !== "" || attached.length > 0;
    show(this.#stop, this.#running);
    show(this.#send, !this.#running || filled);
    setText(this.#send, this.#running ? "Queue" : "Send");
    this.#send.title = this.#running ? "Ask this when the answer is done (Enter)" : "Send (Enter; Shift+Enter for a new line)";
    this.#send.disabled = this.#gone || !sendable;
    this.#stop.disabled = this.#gone;
    this.#attach.disabled = this.#gone;
    setText(this.#note, visible(note));
    show(this.#note, note !== "");
  }

  #onKey(event: KeyboardEvent): void {
    if (asksForBreak(event)) {
      breakLine(this.#box);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    // 229: the key belongs to an input method, also where `isComposing` is late.
    if (event.isComposing || event.keyCode === 229 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Enter") this.root.requestSubmit();
    else if (event.key === "ArrowUp" && this.#atEdge(false)) {
      if (this.#draft.earlier() === null) return;
    } else if (event.key === "ArrowDown" && this.#atEdge(true)) {
      if (this.#draft.later() === null) return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether the cursor can go no further in its line's direction: there a recalled question gives way to the next. */
  #atEdge(down: boolean): boolean {
    const { selectionStart, selectionEnd, value } = this.#box;
    if (selectionStart !== selectionEnd) return false;
    return selectionEnd === value.length || (!down && selectionStart === 0);
  }

  #focused(): Element | null {
    return (this.root.getRootNode() as Document | ShadowRoot).activeElement ?? null;
  }

  #fit(): void {
    this.#box.style.height = "auto";
    const { scrollHeight } = this.#box;
    if (scrollHeight) this.#box.style.height = `${Math.min(TALLEST, scrollHeight)}px`;
  }
}
