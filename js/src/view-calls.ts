/** Shows the tool calls of an answer, each folded, with its name and its arguments as they grow. */
import { readable } from "./extras";
import type { ToolCall } from "./protocol";
import { element, setText, show } from "./view-element";
import { PlainText } from "./view-plain";
import { visible } from "./visible";

interface Shown {
  root: HTMLElement;
  verb: HTMLElement;
  name: HTMLElement;
  text: PlainText;
}

const ALL = Number.POSITIVE_INFINITY;

export class CallsView {
  readonly root = element("div", "jor-calls");
  #shown: Shown[] = [];
  #calls: readonly ToolCall[] = [];
  #running = false;

  constructor() {
    show(this.root, false);
  }

  /** `running` while the last call may grow. */
  take(calls: readonly ToolCall[], running: boolean): void {
    if (calls === this.#calls && running === this.#running) return;
    for (const gone of this.#shown.splice(calls.length)) gone.root.remove();
    calls.forEach((call, at) => {
      const growing = running && at === calls.length - 1;
      const before = this.#calls[at];
      const settled = this.#shown[at] && !(this.#running && at === this.#calls.length - 1);
      if (settled && !growing && before?.arguments === call.arguments && before.name === call.name) return;
      this.#show((this.#shown[at] ??= this.#add()), call, growing);
    });
    this.#calls = calls;
    this.#running = running;
    show(this.root, calls.length > 0);
  }

  #show({ verb, name, text }: Shown, call: ToolCall, growing: boolean): void {
    setText(verb, growing ? "calling" : "called");
    setText(name, visible(call.name) || "a tool");
    // What is not whole yet is no JSON: it is shown as it comes.
    if (!growing) text.reset();
    text.take(growing ? call.arguments : readable(call.arguments) || "no arguments");
    text.draw(ALL);
  }

  #add(): Shown {
    const verb = element("span");
    const name = element("code", "jor-call-name");
    const box = element("div", "jor-fold-box jor-arguments");
    box.dir = name.dir = "ltr";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "arguments");
    const root = element("details", "jor-fold jor-call", element("summary", "jor-fold-summary", verb, " ", name), box);
    this.root.append(root);
    return { root, verb, name, text: new PlainText(box) };
  }
}
