/** Shows in one line how an answer comes along, tells screen readers when that changes, and offers to stop it. */
import { duration, tokenCount } from "./figures";
import { isRunning, type Transcript } from "./transcript";
import { element, setText, show } from "./view-element";
import { stopButton } from "./view-stop";
import { visible } from "./visible";

const ENDED: Partial<Record<Transcript["state"], string>> = {
  stopped: "stopped",
  cut: "cut off before its end",
  failed: "failed",
};

/** Between two updates of the figures, in milliseconds. */
const COUNTING = 250;
const GONE = "the kernel is gone; this is what had come";

/** The parts of the status line. */
export function statusParts(now: Transcript, stopping: boolean, gone = false): string[] {
  const figures = [tokenCount(now.tokens), duration(now.seconds)];
  if (gone && isRunning(now.state)) return [GONE, ...figures].filter(Boolean);
  if (stopping) return ["stopping\u2026"];
  if (now.state === "waiting") return [visible(now.status) || "waiting for the provider", duration(now.seconds)].filter(Boolean);
  if (now.state === "streaming") return [visible(now.status) || "streaming", ...figures].filter(Boolean);
  return [ENDED[now.state] ?? "", visible(now.model), ...figures].filter(Boolean);
}

/** What a screen reader is told; few words, and only when they change. */
export function announcement({ state, error }: Transcript, gone = false): string {
  if (gone && isRunning(state)) return GONE;
  if (isRunning(state)) return "answering";
  if (error?.message) return `${visible(error.message)} ${visible(error.remedy ?? "")}`.trim();
  return state === "done" ? "answer complete" : (ENDED[state] ?? "");
}

export class StatusView {
  readonly root = element("div", "jor-status");
  readonly #line = element("span", "jor-status-line");
  readonly #spoken = element("span", "jor-spoken");
  readonly #stop: HTMLButtonElement | null;
  #said = "";
  #last = 0;

  /** Without `onStop` the line has no button of its own, and a settled answer, which has a footer then, no line. */
  constructor(onStop: (() => void) | null) {
    this.#stop = onStop ? stopButton(onStop) : null;
    this.#spoken.setAttribute("role", "status");
    this.#spoken.setAttribute("aria-live", "polite");
    const dot = element("span", "jor-dot");
    dot.setAttribute("aria-hidden", "true");
    this.root.append(dot, this.#line, this.#spoken, ...(this.#stop ? [this.#stop] : []));
  }

  take(now: Transcript, stopping: boolean, gone: boolean): void {
    const running = isRunning(now.state);
    // Figures that count up are read a few times a second at most; a change of state is shown at once.
    const said = [now.state, now.status, now.model, now.error?.message, stopping, gone].join("\n");
    if (running && said === this.#said && performance.now() - this.#last < COUNTING) return;
    this.#said = said;
    this.#last = performance.now();
    const parts = running || this.#stop ? statusParts(now, stopping, gone) : [];
    while (this.#line.children.length > parts.length) this.#line.lastElementChild?.remove();
    parts.forEach((part, at) => {
      const old = this.#line.children[at];
      if (old) setText(old, part);
      else this.#line.append(element("span", "jor-figure", part));
    });
    setText(this.#spoken, announcement(now, gone));
    this.root.classList.toggle("jor-running", running && !gone);
    if (this.#stop) {
      show(this.#stop, running);
      this.#stop.disabled = gone;
    }
    // Not hidden: what is in a hidden region is not spoken.
    this.root.classList.toggle("jor-quiet", !running && parts.length === 0);
  }
}
