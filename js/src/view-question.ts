/** Shows one question with what goes with it, and lets it be copied, edited and its branches gone through. */
import type { Attached, Turn } from "./protocol";
import type { TurnActions } from "./turn-actions";
import { AttachedView } from "./view-attached";
import { BranchesView } from "./view-branches";
import { copyText } from "./view-clipboard";
import { type Edited, EditView } from "./view-edit";
import { element, setText, show } from "./view-element";
import { Note } from "./view-note";
import { Toolbar } from "./view-toolbar";
import { visible } from "./visible";

export class QuestionView {
  readonly root: HTMLElement;
  /** What is asked. */
  text = "";
  readonly #actions: TurnActions;
  readonly #signal: AbortSignal;
  readonly #words = element("div", "jor-question-text");
  readonly #attached: AttachedView;
  readonly #bubble: HTMLElement;
  readonly #row: HTMLElement;
  readonly #tools: Toolbar;
  readonly #note = new Note();
  readonly branches: BranchesView;
  #edit: EditView | null = null;
  #turn: Turn | null = null;
  #shown: readonly Attached[] | undefined;

  constructor(root: HTMLElement, actions: TurnActions, signal: AbortSignal) {
    this.root = root;
    this.#actions = actions;
    this.#signal = signal;
    this.#attached = new AttachedView(actions.picture);
    this.#words.dir = "auto";
    this.#bubble = element("article", "jor-question", this.#attached.root, this.#words);
    this.#bubble.setAttribute("aria-label", "question");
    this.branches = new BranchesView("question", (turn) => void this.#note.attempt(actions.request, { type: "branch", turn }), signal);
    this.#tools = new Toolbar(
      "Question",
      [
        { icon: "copy", name: "Copy the question", run: () => this.#copy() },
        { icon: "edit", name: "Edit the question", kernel: true, run: (pressed) => this.#open(pressed) },
      ],
      signal,
    );
    show(this.#tools.root, false);
    this.#row = element("div", "jor-asked-row", this.#tools.root, this.#bubble);
    root.classList.add("jor-asked");
    root.append(this.#row, this.branches.root, this.#note.root);
  }

  /** Shows a question that has no turn yet. */
  ask(text: string, attachments: readonly Attached[]): void {
    this.#show(text, attachments);
  }

  /** Shows a settled question. */
  settle(turn: Turn): void {
    this.#turn = turn;
    this.#show(turn.content, turn.attachments);
    this.branches.take(turn.id, turn.branches);
    show(this.#tools.root, true);
    this.root.classList.toggle("jor-nameless", !turn.id);
  }

  /** Puts images in that have come; true while some have not. */
  pictures(): boolean {
    this.#edit?.draw();
    return this.#attached.draw();
  }

  #show(text: string, attachments: readonly Attached[] | undefined): void {
    this.text = text;
    setText(this.#words, visible(text));
    show(this.#words, text !== "");
    if (this.#shown === attachments) return;
    this.#shown = attachments;
    this.#attached.take(attachments);
  }

  async #copy(): Promise<boolean> {
    const done = await copyText(this.text);
    this.#actions.say(done ? "copied" : "not copied");
    return done;
  }

  #open(pressed: HTMLElement): void {
    const { id, attachments } = this.#turn ?? {};
    if (!id || this.#edit) return;
    const box = this.root.closest(".jor-chat")?.querySelector<HTMLElement>(".jor-composer .jor-box");
    const close = (done: boolean) => {
      edit.root.remove();
      this.#edit = null;
      show(this.#row, true);
      // What was asked anew is gone in a moment, with the button that was pressed.
      ((done && box) || pressed).focus({ preventScroll: true });
    };
    const send = (edited: Edited) => this.#actions.request({ type: "edit", turn: id, ...edited });
    const edit = new EditView({ ...this.#actions, wire: this.#actions, ask: "Ask", send, close }, this.#signal);
    this.#edit = edit;
    show(this.#row, false);
    this.#row.after(edit.root);
    edit.open(this.text, attachments);
  }
}
