/** Shows one answer: its reasoning, its growing text, and its footer. */
import { footerParts } from "./figures";
import { GrowingMarkdown } from "./markdown";
import type { Turn } from "./protocol";
import { element, setText, show } from "./view-element";
import { visible } from "./visible";

/** Most characters that are parsed in one frame; a long text is built over several. */
const IN_ONE_FRAME = 20_000;

export interface Growing {
  text: string;
  thought: string;
  /** Another epoch means that the text is not a continuation of the one before. */
  epoch: number;
  running: boolean;
}

export class AnswerView {
  readonly root = element("article", "jor-answer");
  /** What it shows; another epoch means another text. */
  text = "";
  epoch = 0;
  readonly #thoughtText = document.createTextNode("");
  readonly #summary = element("summary", "", "reasoning");
  readonly #thought = element("details", "jor-thought", this.#summary, element("div", "jor-thought-text", this.#thoughtText));
  readonly #body = element("div", "jor-text jp-RenderedHTMLCommon jp-RenderedMarkdown");
  readonly #footer = element("footer", "jor-footer");
  readonly #markdown: GrowingMarkdown;
  #thoughtLength = 0;
  #thoughtOpen: "unset" | "opened" | "closed" = "unset";

  constructor(signal: AbortSignal) {
    this.root.setAttribute("role", "article");
    this.root.setAttribute("aria-label", "answer");
    this.#markdown = new GrowingMarkdown(this.#body, { signal });
    show(this.#thought, false);
    show(this.#footer, false);
    this.#thoughtText.parentElement?.setAttribute("dir", "auto");
    this.root.append(this.#thought, this.#body, this.#footer);
  }

  /** Takes in the answer so far; `draw` puts it on screen. */
  take({ text, thought, epoch, running }: Growing): void {
    if (epoch !== this.epoch || !text.startsWith(this.text)) this.#restart(epoch);
    this.#markdown.append(text.slice(this.text.length));
    this.text = text;
    if (!running) this.#markdown.finish();
    this.#takeThought(thought, running && !text);
    this.root.setAttribute("aria-busy", String(running));
    show(this.#body, text !== "");
  }

  /** Draws for one frame; true when more is left to draw. */
  draw(): boolean {
    return this.#markdown.update(IN_ONE_FRAME);
  }

  /** Shows the figures of a settled turn. */
  foot(turn: Turn): void {
    const parts = footerParts(turn).map((part) => element("span", "jor-figure", visible(part)));
    this.#footer.replaceChildren(...parts);
    show(this.#footer, parts.length > 0);
    if (turn.model) this.root.setAttribute("aria-label", `answer by ${visible(turn.model)}`);
  }

  #takeThought(thought: string, thinking: boolean): void {
    if (!thought) return show(this.#thought, false);
    // Half of a surrogate pair waits for the other half.
    const end = /[\ud800-\udbff]$/.test(thought) ? thought.length - 1 : thought.length;
    this.#thoughtText.appendData(visible(thought.slice(this.#thoughtLength, end)));
    this.#thoughtLength = end;
    show(this.#thought, true);
    setText(this.#summary, thinking ? "reasoning\u2026" : "reasoning");
    // Opened and closed once each; after that it is the reader's.
    if (thinking && this.#thoughtOpen === "unset") {
      this.#thoughtOpen = "opened";
      this.#thought.open = true;
    } else if (!thinking && this.#thoughtOpen === "opened") {
      this.#thoughtOpen = "closed";
      this.#thought.open = false;
    }
  }

  #restart(epoch: number): void {
    this.epoch = epoch;
    this.#markdown.reset();
    this.text = "";
    this.#thoughtText.data = "";
    this.#thoughtLength = 0;
    this.#thoughtOpen = "unset";
    show(this.#footer, false);
  }
}
