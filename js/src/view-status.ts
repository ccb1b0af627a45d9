/** Shows in one line how an answer comes along, tells screen readers when that changes, and offers to stop it. */
import { duration, tokenCount } from "./figures";
import { isRunning, type Transcript } from "./transcript";
import { button, element, setText, show } from "./view-element";
import { visible } from "./visible";

const ENDED: Partial<Record<Transcript["state"], string>> = {
  stopped: "stopped",
  cut: "cut off before its end",
  failed: "failed",
};

/** The parts of the status line. */
export function statusParts(now: Transcript, stopping: boolean): string[] {
  const figures = [tokenCount(now.tokens), duration(now.seconds)];
  if (stopping) return ["stopping\u2026"];
  if (now.state === "waiting") return [visible(now.status) || "waiting for the provider", duration(now.seconds)].filter(Boolean);
  if (now.state === "streaming") return [visible(now.status) || "streaming", ...figures].filter(Boolean);
  return [ENDED[now.state] ?? "", visible(now.model), ...figures].filter(Boolean);
}

/** What a screen reader is told; few words, and only when they change. */
export function announcement({ state, error }: Transcript): string {
  if (isRunning(state)) return "answering";
  if (error?.message) return `${visible(error.message)} ${visible(error.remedy ?? "")}`.trim();
  return state === "done" ? "answer complete" : (ENDED[state] ?? "");
}

export function stopButton(onStop: () => void): HTMLButtonElement {
  const square = element("span", "jor-square");
  square.setAttribute("aria-hidden", "true");
  const made = button("jor-button jor-stop", "Stop the answer", square, "Stop");
  made.title = "Stop (Esc)";
  made.addEventListener("click", onStop);
  return made;
}

export class StatusView {
  readonly root = element("div", "jor-status");
  readonly #line = element("span", "jor-status-line");
  readonly #spoken = element("span", "jor-spoken");
  readonly #stop: HTMLButtonElement | null;

  /** Without `onStop` the line has no button of its own, and a settled answer, which has a footer then, no line. */
  constructor(onStop: (() => void) | null) {
    this.#stop = onStop ? stopButton(onStop) : null;
    this.#spoken.setAttribute("role", "status");
    this.#spoken.setAttribute("aria-live", "polite");
    const dot = element("span", "jor-dot");
    dot.setAttribute("aria-hidden", "true");
    this.root.append(dot, this.#line, this.#spoken, ...(this.#stop ? [this.#stop] : []));
  }

  take(now: Transcript, stopping: boolean): void {
    const running = isRunning(now.state);
    const parts = running || this.#stop ? statusParts(now, stopping) : [];
    while (this.#line.children.length > parts.length) this.#line.lastElementChild?.remove();
    parts.forEach((part, at) => {
      const old = this.#line.children[at];
      if (old) setText(old, part);
      else this.#line.append(element("span", "jor-figure", part));
    });
    setText(this.#spoken, announcement(now));
    this.root.classList.toggle("jor-running", running);
    if (this.#stop) show(this.#stop, running);
    // Not hidden: what is in a hidden region is not spoken.
    this.root.classList.toggle("jor-quiet", !running && parts.length === 0);
  }
}
