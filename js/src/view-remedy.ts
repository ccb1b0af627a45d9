/** What helps against a failure, as buttons: how to sign in, where to add credit, when and how to try again. */
import { duration } from "./figures";
import type { Failure } from "./protocol";
import type { TurnActions } from "./turn-actions";
import { copyText } from "./view-clipboard";
import { button, element, setText, show } from "./view-element";

const CREDITS = "https://openrouter.ai/settings/credits";
const LOGIN = "%openrouter login";

/** What a countdown shows; whole seconds below a minute. */
export function remaining(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return duration(seconds);
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export class RemedyView {
  readonly root = element("div", "jor-remedy");
  readonly #actions: TurnActions;
  readonly #retry: () => void;
  #shown: Failure | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `retry` asks again what has failed. */
  constructor(actions: TurnActions, retry: () => void, signal: AbortSignal) {
    this.#actions = actions;
    this.#retry = retry;
    show(this.root, false);
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  take(failure: Failure | null): void {
    if (failure === this.#shown) return;
    this.#shown = failure;
    clearTimeout(this.#timer);
    const tools = failure?.message || failure?.type ? this.#tools(failure) : [];
    this.root.replaceChildren(...tools);
    show(this.root, tools.length > 0);
  }

  #tools({ act, until }: Failure): HTMLElement[] {
    if (act === "key") return [element("code", "jor-line", LOGIN), ...this.#forLine(LOGIN), this.#again("Retry")];
    if (act === "credit") return [creditLink(), this.#again("Retry")];
    if (act === "wait") return [this.#countdown(until ?? 0)];
    return act === "retry" ? [this.#again("Retry")] : [];
  }

  /** Buttons that bring a line of code to a cell. */
  #forLine(line: string): HTMLElement[] {
    const copy = button("jor-button", `copy ${line}`, "Copy");
    copy.addEventListener("click", async () => {
      const done = await copyText(line);
      setText(copy, done ? "Copied" : "Not copied");
      this.#actions.say(done ? "copied" : "not copied");
    });
    return this.#actions.hasCells() ? [cellButton(this.#actions, line), copy] : [copy];
  }

  #again(label: string): HTMLButtonElement {
    const again = button("jor-button jor-kernel", label);
    again.addEventListener("click", () => this.#retry());
    return again;
  }

  #countdown(until: number): HTMLElement {
    const again = this.#again("Retry");
    const tick = () => {
      const left = until - Date.now();
      again.disabled = left > 0;
      setText(again, left > 0 ? `Retry in ${remaining(left)}` : "Retry");
      if (left > 0) this.#timer = setTimeout(tick, Math.min(1000, left));
      else if (again.isConnected && again.dataset.waited) this.#actions.say("it can be tried again now");
      again.dataset.waited = "true";
    };
    tick();
    return again;
  }
}

/** A button that puts a line into a new cell, once for each press. */
export function cellButton(actions: TurnActions, line: string): HTMLButtonElement {
  const made = button("jor-button", `put ${line} into a new cell`, "To a new cell");
  made.addEventListener("click", async () => {
    if (made.disabled) return;
    made.disabled = true;
    const done = await actions.toCell(line, "python");
    setText(made, done);
    actions.say(done);
  });
  return made;
}

function creditLink(): HTMLElement {
  const link = element("a", "jor-button", "Add credit at openrouter.ai");
  link.href = CREDITS;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}
