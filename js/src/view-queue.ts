/** Shows the questions that wait: for the running answer, for the kernel, or for their own files. */
import type { Draft, Sent } from "./draft";
import type { Queued } from "./protocol";
import type { Request } from "./requests";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { visible } from "./visible";

const LONGEST = 300;

export class QueueView {
  readonly root = element("div", "jor-queue");
  readonly #head = element("p", "jor-queue-head");
  readonly #list = element("ul", "jor-queue-list");
  readonly #draft: Draft;
  readonly #request: (request: Request) => Promise<string | null>;
  readonly #left: () => void;
  #shown = "";

  /** `left` is called when the row that had the focus has gone. */
  constructor(draft: Draft, request: (request: Request) => Promise<string | null>, left: () => void) {
    this.#draft = draft;
    this.#request = request;
    this.#left = left;
    this.#list.setAttribute("aria-label", "questions that wait");
    this.root.append(this.#head, this.#list);
    show(this.root, false);
  }

  take(queued: readonly Queued[], running: boolean, gone: boolean): void {
    const out = this.#draft.out.filter(({ shows }) => shows !== "");
    // Drawn anew only when something in it has changed: a button keeps the focus that it has.
    const shown = JSON.stringify([queued, out.map((sent) => [sent.text, sent.shows]), running, gone]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = this.root.contains((this.root.getRootNode() as Document | ShadowRoot).activeElement ?? null);
    setText(this.#head, headOf(queued.length, running, gone));
    show(this.#head, queued.length > 0);
    this.#list.replaceChildren(...queued.map((item) => this.#queued(item, running, gone)), ...out.map((sent) => this.#out(sent)));
    show(this.root, queued.length + out.length > 0);
    if (focused) (this.#list.querySelector("button") ?? { focus: this.#left }).focus();
  }

  #queued({ id, text, attachments = [] }: Queued, running: boolean, gone: boolean): HTMLElement {
    const now = button("jor-link-button", "Send now");
    const remove = button("jor-quiet-button", `remove from the queue: ${short(text)}`, icon("close"));
    remove.title = "Remove";
    show(now, !running && !gone);
    remove.disabled = gone;
    this.#onClick(now, { type: "send_now", item: id });
    this.#onClick(remove, { type: "unqueue", item: id });
    const files = attachments.map(({ name }) => visible(name)).join(", ");
    return rowOf(text, files, now, remove);
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
      const refused = await this.#request(request);
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
