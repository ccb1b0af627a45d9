/** Lets a question be written anew in its place: Enter asks it, Esc leaves it as it was. */
import { asksForBreak, breakLine } from "./line-break";
import type { Attached } from "./protocol";
import type { TurnActions } from "./turn-actions";
import { AttachedView } from "./view-attached";
import { button, element, setText, show } from "./view-element";

const TALLEST = 320;

export interface Edited {
  text: string;
  /** Indexes of the attachments that stay. */
  keep: number[];
}

export class EditView {
  readonly root = element("form", "jor-edit");
  readonly #box = element("textarea", "jor-box");
  readonly #ask = button("jor-button jor-send", "Ask");
  readonly #note = element("p", "jor-note");
  readonly #attached: AttachedView;
  readonly #send: (edited: Edited) => Promise<string | null>;
  readonly #close: () => void;
  readonly #writing: TurnActions["writing"];
  #attachments: readonly Attached[] = [];
  #keep: number[] = [];
  #before = "";
  #sending = false;
  /** Its place is gone. */
  #left = false;
  #unlend: (why?: string) => void = () => undefined;

  /** `send` resolves to null when the kernel took it, or to why not; then the text stays. `close` takes the view away. */
  constructor({ picture, writing }: Pick<TurnActions, "picture" | "writing">, send: (edited: Edited) => Promise<string | null>, close: () => void) {
    this.#attached = new AttachedView(picture);
    this.#send = send;
    this.#writing = writing;
    this.#close = () => {
      this.#unlend();
      close();
    };
    const cancel = button("jor-button", "Cancel");
    this.#ask.type = "submit";
    this.#box.dir = "auto";
    this.#box.rows = 1;
    this.#box.setAttribute("aria-label", "Edit the question");
    this.#note.setAttribute("role", "status");
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.root.append(this.#box, this.#attached.root, element("div", "jor-edit-row", this.#note, cancel, this.#ask));
    cancel.addEventListener("click", () => this.#close());
    this.#box.addEventListener("input", () => this.#fit());
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.root.addEventListener("keydown", (event) => this.#onKey(event));
  }

  open(text: string, attachments: readonly Attached[] = []): void {
    this.#box.value = this.#before = text;
    this.#unlend = this.#writing(() => (this.#box.value === this.#before ? "" : this.#box.value));
    this.#attachments = attachments;
    this.#keep = attachments.map((_, at) => at);
    this.#draw();
    this.#box.focus({ preventScroll: true });
    this.#box.setSelectionRange(text.length, text.length);
    this.#fit();
  }

  /** The question is not shown any more: what was written for it goes to the box, unless the kernel takes it. */
  leave(): void {
    this.#left = true;
    if (!this.#sending) this.#unlend("An edit of a question was not asked; its text is here.");
  }

  #draw(): void {
    const kept = this.#keep.map((at) => this.#attachments[at] as Attached);
    this.#attached.take(kept, (at) => {
      this.#keep.splice(at, 1);
      this.#draw();
      this.#box.focus({ preventScroll: true });
    });
  }

  /** Draws images that have come. */
  draw(): void {
    this.#attached.draw();
  }

  async #submit(): Promise<void> {
    const text = this.#box.value.trim();
    if (this.#sending || (!text && !this.#keep.length)) return;
    this.#sending = true;
    this.#box.readOnly = this.#ask.disabled = true;
    const slow = setTimeout(() => setText(this.#note, "The kernel has not heard this yet; it may be busy with a cell."), 3000);
    const refused = await this.#send({ text, keep: this.#keep });
    clearTimeout(slow);
    this.#sending = false;
    this.#box.readOnly = this.#ask.disabled = false;
    setText(this.#note, refused ? `Not asked: ${refused}` : "");
    show(this.#note, !!refused);
    if (refused === null) this.#close();
    else if (this.#left) this.#unlend(`Not asked: ${refused}`);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#close();
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
