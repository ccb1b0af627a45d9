/** Shows one answer of a chat, growing or settled, with its figures and all that can be done with it. */
import type { Kit } from "./kit";
import type { Turn } from "./protocol";
import type { TurnActions } from "./turn-actions";
import { type Figure, turnFigures } from "./turn-figures";
import type { Growing } from "./view-answer";
import { BranchesView } from "./view-branches";
import { addCellButtons } from "./view-code-cells";
import { copyText } from "./view-clipboard";
import { type Asked, confirmView } from "./view-confirm";
import { button, element, show } from "./view-element";
import { Note } from "./view-note";
import { RemedyView } from "./view-remedy";
import { textOf } from "./view-text";
import { type Tool, Toolbar } from "./view-toolbar";
import { visible } from "./visible";

export class ReplyView {
  readonly root: HTMLElement;
  readonly branches: BranchesView;
  readonly #kit: Kit;
  readonly #actions: TurnActions;
  readonly #signal: AbortSignal;
  readonly #answer: InstanceType<Kit["AnswerView"]>;
  readonly #foot = element("div", "jor-foot");
  readonly #figures = element("div", "jor-figures");
  readonly #failure: InstanceType<Kit["FailureView"]>;
  readonly #remedy: RemedyView;
  readonly #continue = button("jor-button jor-continue jor-kernel", "Continue the answer", "Continue");
  readonly #note = new Note();
  #tools: Toolbar | null = null;
  #confirm: HTMLElement | null = null;
  #turn: Turn | null = null;

  constructor(kit: Kit, root: HTMLElement, actions: TurnActions, signal: AbortSignal) {
    this.root = root;
    this.#kit = kit;
    this.#actions = actions;
    this.#signal = signal;
    this.#answer = new kit.AnswerView(actions.picture, signal);
    this.#failure = new kit.FailureView();
    this.#remedy = new RemedyView(actions, () => this.#retry(""), signal);
    this.branches = new BranchesView("answer", (turn) => void this.#note.attempt(actions.request, { type: "branch", turn }), signal);
    this.#continue.addEventListener("click", () => void this.#note.attempt(actions.request, { type: "continue" }), { signal });
    this.#foot.append(this.branches.root, this.#figures, this.#continue);
    show(this.#foot, false);
    root.classList.add("jor-reply");
    root.append(this.#answer.root, this.#failure.root, this.#remedy.root, this.#foot, this.#note.root);
  }

  /** The text that is shown. */
  get text(): string {
    return this.#answer.text;
  }

  /** Shows the running answer so far. */
  run(growing: Growing): void {
    this.#answer.take(growing);
  }

  /** Shows a settled answer; a text that goes on from what is shown is left standing. */
  settle(turn: Turn): void {
    // What has settled once is closed: only the same text may stay.
    const goesOn = this.#turn ? turn.content === this.#answer.text : turn.content.startsWith(this.#answer.text);
    this.#turn = turn;
    this.#answer.take(this.#kit.settled(turn, this.#answer.epoch + (goesOn ? 0 : 1)));
    if (turn.model) this.#answer.root.setAttribute("aria-label", `answer by ${visible(turn.model)}`);
    this.#failure.take(turn.error ?? null);
    this.#failure.root.append(this.#remedy.root);
    this.#remedy.take(turn.error ?? null);
    this.#figures.replaceChildren(...turnFigures(turn).map(figureNode));
    this.branches.take(turn.id, turn.branches);
    show(this.#continue, turn.continuable === true);
    if (!this.#tools) {
      this.#tools = new Toolbar("Answer", this.#offered(), this.#signal);
      this.#foot.insertBefore(this.#tools.root, this.#continue);
    }
    this.root.classList.toggle("jor-nameless", !turn.id);
    show(this.#foot, true);
  }

  /** Draws for one frame; true when more is left to draw. */
  draw(): boolean {
    const more = this.#answer.draw();
    if (!more && this.#turn && this.#actions.hasCells()) addCellButtons(this.#answer.root);
    return more;
  }

  /** Puts images in that have come; true while some have not. */
  pictures(): boolean {
    if (!this.#turn) return false;
    const images = this.#turn.extras?.images;
    if (!Array.isArray(images) || !images.length) return false;
    const waiting = images.filter((image) => "id" in image && !this.#actions.picture(image.id)).length > 0;
    this.#answer.take(this.#kit.settled(this.#turn, this.#answer.epoch));
    return waiting;
  }

  #offered(): Tool[] {
    return [
      { icon: "copy", name: "Copy as text", run: () => this.#copy(this.#plain()) },
      { icon: "markdown", name: "Copy as Markdown", run: () => this.#copy(this.#answer.text) },
      { icon: "retry", name: "Retry", kernel: true, run: () => this.#retry("") },
      { icon: "other", name: "Retry with another model", kernel: true, run: (pressed) => this.#retryWith(pressed) },
      { icon: "remove", name: "Delete", kernel: true, run: (pressed) => this.#delete(pressed) },
    ];
  }

  #plain(): string {
    const body = this.#answer.root.querySelector(".jor-text");
    return body ? textOf(body, { code: this.#kit.sourceOf, formula: this.#kit.sourceOfMath }) : "";
  }

  async #copy(text: string): Promise<boolean> {
    const done = await copyText(text);
    this.#actions.say(done ? "copied" : "not copied");
    return done;
  }

  #retry(model: string): void {
    const id = this.#turn?.id;
    if (id) void this.#note.attempt(this.#actions.request, { type: "retry", turn: id, model });
  }

  #retryWith(pressed: HTMLElement): void {
    this.#actions.pickModel(pressed, (model) => this.#retry(model));
  }

  #delete(pressed: HTMLElement): void {
    const turn = this.#turn?.id;
    const then = () => void (turn && this.#note.attempt(this.#actions.request, { type: "delete", turn }));
    this.#ask({ question: "Delete this answer and its question?", yes: "Delete", then }, pressed);
  }

  /** One question at a time stands below the answer. */
  #ask(asked: Asked, pressed: HTMLElement): void {
    this.#confirm?.remove();
    this.#confirm = confirmView(asked, pressed);
    this.#foot.after(this.#confirm);
  }
}

function figureNode({ text, title, kind }: Figure): HTMLElement {
  const node = element("span", kind ? `jor-figure jor-${kind}` : "jor-figure", visible(text));
  if (title) node.title = visible(title);
  return node;
}
