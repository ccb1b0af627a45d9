/** The box in which a question is written, with the button that sends it, or stops the answer. */
import { button, element, setText, show } from "./view-element";
import { stopButton } from "./view-stop";

/** The most that one question may hold, in characters; the kernel refuses above 1 MiB. */
const LONGEST = 1_000_000;
const TALLEST = 320;

export interface Composing {
  /** Sends the text; resolves to why it was refused, or to null. */
  send(text: string): Promise<string | null>;
  stop(): void;
  /** Keeps what is being written for views that are made later. */
  draft: string;
}

export class ComposerView {
  readonly root = element("form", "jor-composer");
  readonly #box = element("textarea", "jor-box");
  readonly #send = button("jor-button jor-send", "Send");
  readonly #stop: HTMLButtonElement;
  readonly #note = element("p", "jor-note");
  readonly #link: Composing;
  #sending = false;
  #running = false;
  #gone = false;

  constructor(link: Composing, signal: AbortSignal) {
    this.#link = link;
    this.#stop = stopButton(() => this.#stopAnswer());
    this.#send.type = "submit";
    this.#box.rows = 1;
    this.#box.dir = "auto";
    this.#box.placeholder = "Ask a question";
    this.#box.setAttribute("aria-label", "Your question");
    this.#box.maxLength = LONGEST;
    this.#box.value = link.draft;
    // JupyterLab's single-key commands must not hear what is typed here.
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.#note.setAttribute("role", "status");
    show(this.#note, false);
    show(this.#stop, false);
    const row = element("div", "jor-composer-row", this.#box, this.#send, this.#stop);
    this.root.append(row, this.#note);
    this.root.addEventListener("submit", (event) => this.#onSubmit(event), { signal });
    this.#box.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#box.addEventListener("input", () => this.#onInput(), { signal });
    this.#fit();
  }

  /** Turns Send into Stop while an answer runs. */
  take(running: boolean, draft: string, gone: boolean): void {
    this.#running = running;
    if (gone && !this.#gone) this.#say("The kernel is gone. Run the cell again for a new chat.");
    this.#gone = gone;
    this.#stop.disabled = gone;
    const focused = this.root.contains(document.activeElement);
    show(this.#stop, running);
    show(this.#send, !running);
    if (draft !== this.#box.value && !focused && !this.#sending) this.#put(draft);
    this.#send.disabled = !this.#canSend();
  }

  #canSend(): boolean {
    return !this.#gone && !this.#sending && this.#box.value.trim() !== "";
  }

  /** Puts text back into the box when it is empty. */
  putBack(text: string): void {
    if (!this.#box.value.trim()) this.#put(text);
  }

  #onInput(): void {
    this.#link.draft = this.#box.value;
    this.#send.disabled = !this.#canSend();
    if (!this.#gone) show(this.#note, false);
    this.#fit();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.root.requestSubmit();
  }

  #onSubmit(event: Event): void {
    event.preventDefault();
    const text = this.#box.value.trim();
    if (!this.#canSend() || this.#running) return;
    void this.#sendText(text);
  }

  #stopAnswer(): void {
    // The button goes away when the answer ends; typing can go on in the box.
    if (document.activeElement === this.#stop) this.#box.focus();
    this.#link.stop();
  }

  /** The text stays in the box until the kernel has taken it, so that none is lost. */
  async #sendText(text: string): Promise<void> {
    this.#sending = true;
    this.#box.readOnly = true;
    this.#send.disabled = true;
    const slow = setTimeout(() => this.#say("The kernel has not taken the question yet; it may be busy with a cell."), 3000);
    const refused = await this.#link.send(text);
    clearTimeout(slow);
    this.#sending = false;
    this.#box.readOnly = false;
    if (refused) this.#say(`Not sent: ${refused}`);
    else {
      show(this.#note, false);
      this.#put("");
    }
    this.#send.disabled = !this.#canSend();
  }

  #put(text: string): void {
    this.#box.value = text;
    this.#link.draft = text;
    this.#send.disabled = !this.#canSend();
    this.#fit();
  }

  #say(text: string): void {
    setText(this.#note, text);
    show(this.#note, true);
  }

  #fit(): void {
    this.#box.style.height = "auto";
    const { scrollHeight } = this.#box;
    if (scrollHeight) this.#box.style.height = `${Math.min(TALLEST, scrollHeight + 2)}px`;
  }
}
