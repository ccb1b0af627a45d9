/** Shows one answer: its reasoning, its growing text, and what stands beside that. */
import { type Beside, beside, NOTHING } from "./extras";
import { GrowingMarkdown } from "./markdown";
import type { Turn } from "./protocol";
import { CallsView } from "./view-calls";
import { CitationsView } from "./view-citations";
import { element, show } from "./view-element";
import { PicturesView } from "./view-pictures";
import { PlainText } from "./view-plain";
import { reachFrames } from "./view-scrolled";
import { ThoughtView } from "./view-thought";

/** How much is parsed at a time, in characters, and for how long in one frame, in milliseconds. */
const AT_A_TIME = 2_000;
const IN_ONE_FRAME = 6;

export interface Growing {
  text: string;
  thought: string;
  /** Seconds of reasoning so far; null where unknown. */
  thinking: number | null;
  beside: Beside;
  model: string;
  /** Another epoch means that the text is not a continuation of the one before. */
  epoch: number;
  running: boolean;
}

/** What a view of a settled turn takes in. */
export function settled(turn: Turn, epoch: number): Growing {
  return {
    text: turn.content,
    thought: turn.reasoning ?? "",
    thinking: turn.reasoning_seconds ?? null,
    beside: beside(turn.extras),
    model: turn.model ?? "",
    epoch,
    running: false,
  };
}

export class AnswerView {
  readonly root = element("article", "jor-answer");
  /** What it shows; another epoch means another text. */
  text = "";
  epoch = 0;
  readonly #thought: ThoughtView;
  readonly #body = element("div", "jor-text jp-RenderedHTMLCommon jp-RenderedMarkdown");
  readonly #refusal = element("div", "jor-refusal");
  readonly #refused = new PlainText(element("div"));
  readonly #pictures: PicturesView;
  readonly #calls = new CallsView();
  readonly #citations = new CitationsView();
  readonly #markdown: GrowingMarkdown;
  readonly #reach: () => void;
  #running = true;
  /** Characters that were taken in and not drawn. */
  #left = 0;

  /** `picture` gives the address of an image by its id, or "" while it is on its way. */
  constructor(picture: (id: string) => string, signal: AbortSignal) {
    this.root.setAttribute("role", "article");
    this.root.setAttribute("aria-label", "answer");
    this.#markdown = new GrowingMarkdown(this.#body, { signal });
    this.#reach = reachFrames(this.#body, signal);
    this.#thought = new ThoughtView(signal);
    this.#pictures = new PicturesView(picture, signal);
    this.#refusal.append(element("div", "jor-label", "The model refused"), this.#refused.root);
    for (const part of [this.#body, this.#refusal]) show(part, false);
    const parts = [this.#thought, this.#body, this.#refusal, this.#pictures, this.#calls, this.#citations];
    this.root.append(...parts.map((part) => ("root" in part ? part.root : part)));
  }

  /** Takes in the answer so far; `draw` puts it on screen. */
  take({ text, thought, thinking, beside: next, model, epoch, running }: Growing): void {
    if (epoch !== this.epoch) this.#restart(epoch);
    this.#markdown.append(text.slice(this.text.length));
    this.#left += text.length - this.text.length;
    this.text = text;
    this.#running = running;
    if (!running) this.#markdown.finish();
    this.#thought.take(thought, running && !text && next === NOTHING, thinking);
    this.#refused.take(next.refusal);
    this.#refused.draw(Number.POSITIVE_INFINITY);
    this.#pictures.take(next.images, model);
    this.#calls.take(next.tool_calls, running);
    this.#citations.take(next.citations);
    this.root.setAttribute("aria-busy", String(running));
    show(this.#body, text !== "");
    show(this.#refusal, next.refusal !== "");
  }

  /** Draws for one frame; true when more is left to draw. */
  draw(): boolean {
    const end = performance.now() + IN_ONE_FRAME;
    let more = false;
    do {
      more = this.#markdown.update(AT_A_TIME);
      this.#left = Math.max(0, this.#left - AT_A_TIME);
      // The Markdown may put a costly parse off: asking again in the same frame would only wait for it.
    } while (more && this.#left > 0 && performance.now() < end);
    if (this.#thought.draw(10 * AT_A_TIME)) more = true;
    if (!more && !this.#running) this.#reach();
    return more;
  }

  #restart(epoch: number): void {
    this.epoch = epoch;
    this.#markdown.reset();
    this.text = "";
    this.#left = 0;
    this.#thought.reset();
    this.#refused.reset();
  }
}
