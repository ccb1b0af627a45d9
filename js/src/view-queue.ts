/** Shows the questions that wait: for the running answer, for the kernel, or for their own files. */
import type { Draft, Sent } from "./draft";
import type { Queued } from "./protocol";
import type { Request } from "./requests";
import type { Wire } from "./upload";
import { type Edited, EditView } from "./view-edit";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { visible } from "./visible";

const LONGEST = 300;

export class QueueView {
  readonly root = element("div", "jor-queue");
  readonly #head = element("p", "jor-queue-head");
  readonly #list = element("ul", "jor-queue-list");
  readonly #draft: Draft;
  readonly #wire: Wire;
  readonly #left: () => void;
  readonly #signal: AbortSignal;
  #shown = "";
  /** The question that is being changed. */
  #edited: { item: Queued; row: HTMLElement; view: EditView } | null = null;
  #last: Parameters<QueueView["take"]> = [[], false, false];

  /** `left` is called when the row that had the focus has gone. */
  constructor(draft: Draft, wire: Wire, left: () => void, signal: AbortSignal) {
    this.#draft = draft;
    this.#wire = wire;
    this.#left = left;
    this.#signal = signal;
    this.#list.setAttribute("aria-label", "questions that wait");
    this.root.append(this.#head, this.#list);
    show(this.root, false);
  }

  take(queued: readonly Queued[], running: boolean, gone: boolean): void {
    this.#last = [queued, running, gone];
    const out = this.#draft.out.filter(({ shows }) => shows !== "");
    const edited = this.#edited?.item.id ?? "";
    // Drawn anew only when something in it has changed: a button keeps the focus that it has.
    const shown = JSON.stringify([queued, out.map((sent) => [sent.text, sent.shows]), running, gone, edited]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (edited && (gone || !queued.some(({ id }) => id === edited))) this.#handOver();
    const active = (this.root.getRootNode() as Document | ShadowRoot).activeElement;
    const focused = this.root.contains(active ?? null);
    setText(this.#head, headOf(queued.length, running, gone));
    show(this.#head, queued.length > 0);
    this.#list.replaceChildren(...queued.map((item) => this.#queued(item, running, gone)), ...out.map((sent) => this.#out(sent)));
    show(this.root, queued.length + out.length > 0);
    if (!focused) return;
    const stays = active instanceof HTMLElement && this.root.contains(active) ? active : this.#list.querySelector("button");
    (stays ?? { focus: this.#left }).focus();
  }

  #queued(item: Queued, running: boolean, gone: boolean): HTMLElement {
    const { id, text, attachments = [] } = item;
    if (this.#edited?.item.id === id) return this.#edited.row;
    const now = button("jor-link-button", "Send now");
    const edit = button("jor-quiet-button", `edit in the queue: ${short(text)}`, icon("edit"));
    const remove = button("jor-quiet-button", `remove from the queue: ${short(text)}`, icon("close"));
    edit.title = "Edit";
    remove.title = "Remove";
    show(now, !running && !gone);
    edit.disabled = remove.disabled = gone;
    this.#onClick(now, { type: "send_now", item: id });
    this.#onClick(remove, { type: "unqueue", item: id });
    edit.addEventListener("click", () => this.#edit(item), { once: true });
    const files = attachments.map(({ name }) => visible(name)).join(", ");
    return rowOf(text, files, now, edit, remove);
  }

  /** Opens a question in its place; one at a time. */
  #edit(item: Queued): void {
    this.#edited?.view.close();
    const close = () => {
      this.#edited = null;
      this.take(...this.#last);
      this.#list.querySelectorAll<HTMLElement>("button[title=Edit]")[this.#last[0].findIndex(({ id }) => id === item.id)]?.focus();
    };
    const send = (edited: Edited) => this.#wire.request({ type: "edit_queued", item: item.id, ...edited });
    const view = new EditView({ picture: () => "", writing: (read) => this.#draft.lend(read), wire: this.#wire, ask: "Save", send, close }, this.#signal);
    this.#edited = { item, row: element("li", "jor-queue-row", view.root), view };
    this.take(...this.#last);
    view.open(item.text, item.attachments);
  }

  /** The question went out as it was, or never will: what was made of it is not lost. */
  #handOver(): void {
    const { view } = this.#edited as { view: EditView };
    this.#edited = null;
    view.leave("The question went out, or was removed, before it was changed.");
  }

  #out(sent: Sent): HTMLElement {
    const files = sent.attached.map(({ name }) => visible(name)).join(", ");
    const uploading = sent.shows === "uploading";
    const why = uploading ? "its files are being uploaded" : "waits for the kernel, which may be busy with a cell";
    const back = button("jor-link-button", "Take back");
    show(back, uploading);
    back.addEventListener("click", () => this.#draft.takeBack(sent), { once: true });
    return rowOf(sent.text, [files, why].filter(Boolean).join(" \u00b7 "), back);
  }

  /** One click is one request; a refused one can be made again. */
  #onClick(made: HTMLButtonElement, request: Request): void {
    made.addEventListener("click", async () => {
      made.disabled = true;
      const refused = await this.#wire.request(request);
      made.disabled = false;
      if (refused !== null) this.#draft.say(`Not done: ${refused}`);
    });
  }
}

function headOf(count: number, running: boolean, gone: boolean): string {
  const questions = count === 1 ? "1 queued question" : `${count} queued questions`;
  if (gone) return `${questions}, not asked`;
  return running ? `${questions}, asked when this answer is done` : `${questions}, waiting for you`;
}

const short = (text: string) => visible(text.length > LONGEST ? `${text.slice(0, LONGEST)}\u2026` : text);

function rowOf(text: string, about: string, ...buttons: HTMLElement[]): HTMLElement {
  const words = element("span", "jor-queue-text", short(text));
  words.dir = "auto";
  return element("li", "jor-queue-row", element("span", "jor-queue-words", words, ...(about ? [element("span", "jor-queue-about", about)] : [])), ...buttons);
}
