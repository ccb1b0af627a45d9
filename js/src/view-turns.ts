/** Shows the turns of a chat, the running one last, and follows the newest text while the reader is there. */
import type { Turn } from "./protocol";
import { isRunning, lastTurn, type Transcript } from "./transcript";
import { AnswerView } from "./view-answer";
import { button, element, show } from "./view-element";
import { visible } from "./visible";

/** How near to the end, in pixels, a reader counts as being there. */
const NEAR = 48;

interface Shown {
  turn: Turn;
  root: HTMLElement;
  answer: AnswerView | null;
}

export class TurnsView {
  readonly root = element("div", "jor-turns");
  readonly #log = element("div", "jor-log");
  readonly #newest = button("jor-button jor-newest", "Jump to the newest text", "\u2193 newest");
  readonly #signal: AbortSignal;
  #settled: Shown[] = [];
  #question: Shown | null = null;
  #answer: AnswerView | null = null;
  #follows = true;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#log.tabIndex = 0;
    this.#log.setAttribute("role", "region");
    this.#log.setAttribute("aria-label", "conversation");
    this.#log.addEventListener("scroll", () => this.#onScroll(), { signal, passive: true });
    this.#newest.addEventListener("click", () => this.#toEnd(), { signal });
    show(this.#newest, false);
    this.root.append(this.#log, this.#newest);
  }

  take(now: Transcript): void {
    this.#takeSettled(now.messages);
    const running = isRunning(now.state);
    const unkept = !running && this.#isUnkept(now);
    if (running && now.asking) this.#ask(now.asking);
    else if (!unkept) this.#drop("question");
    if (running || unkept) {
      this.#answer ??= this.#newAnswer();
      this.#answer.take({ ...now, running });
      if (!running) this.#answer.foot(lastTurn(now));
    } else this.#drop("answer");
    show(this.root, this.#log.childElementCount > 0);
  }

  /** Draws for one frame, the newest turn first; true when more is left. */
  draw(): boolean {
    let more = this.#answer?.draw() ?? false;
    for (let at = this.#settled.length - 1; at >= 0 && !more; at--) more = this.#settled[at]?.answer?.draw() ?? false;
    if (this.#follows) this.#toEnd();
    else show(this.#newest, this.#distance() > NEAR);
    return more;
  }

  /** A stopped, cut or failed answer that no turn has taken in: its words must not be lost. */
  #isUnkept({ text, messages }: Transcript): boolean {
    const last = messages.at(-1);
    return text !== "" && !(last?.role === "assistant" && last.content === text);
  }

  #takeSettled(turns: readonly Turn[]): void {
    let same = 0;
    while (same < turns.length && this.#settled[same]?.turn.content === turns[same]?.content && this.#settled[same]?.turn.role === turns[same]?.role) same++;
    for (const gone of this.#settled.splice(same)) gone.root.remove();
    for (const turn of turns.slice(same)) this.#settled.push(this.#settle(turn));
    turns.forEach((turn, at) => {
      const shown = this.#settled[at];
      if (!shown || shown.turn === turn) return;
      shown.turn = turn;
      shown.answer?.foot(turn);
    });
  }

  /** The view of a settled turn: the running one's when it shows the same text, so that nothing jumps. */
  #settle(turn: Turn): Shown {
    if (turn.role === "user") {
      const shown = this.#question?.turn.content === turn.content ? this.#question : this.#newQuestion(turn);
      if (shown === this.#question) this.#question = null;
      else this.#place(shown.root);
      return shown;
    }
    const kept = this.#answer && turn.content.startsWith(this.#answer.text) && this.#answer.text !== "" ? this.#answer : null;
    const answer = kept ?? new AnswerView(this.#signal);
    if (kept) this.#answer = null;
    else this.#place(answer.root);
    const epoch = kept ? kept.epoch : 0;
    answer.take({ text: turn.content, thought: turn.reasoning ?? "", epoch, running: false });
    answer.foot(turn);
    return { turn, root: answer.root, answer };
  }

  /** Settled turns stand before the running ones. */
  #place(node: HTMLElement): void {
    this.#log.insertBefore(node, this.#question?.root ?? this.#answer?.root ?? null);
  }

  #ask(text: string): void {
    if (this.#question?.turn.content === text) return;
    this.#drop("question");
    this.#question = this.#newQuestion({ role: "user", content: text });
    this.#log.insertBefore(this.#question.root, this.#answer?.root ?? null);
    this.#follows = true;
  }

  #newQuestion(turn: Turn): Shown {
    const root = element("article", "jor-question", visible(turn.content));
    root.setAttribute("aria-label", "question");
    root.dir = "auto";
    return { turn, root, answer: null };
  }

  #newAnswer(): AnswerView {
    const answer = new AnswerView(this.#signal);
    this.#log.append(answer.root);
    return answer;
  }

  #drop(what: "question" | "answer"): void {
    if (what === "question") {
      this.#question?.root.remove();
      this.#question = null;
    } else {
      this.#answer?.root.remove();
      this.#answer = null;
    }
  }

  #distance(): number {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight;
  }

  #onScroll(): void {
    this.#follows = this.#distance() <= NEAR;
    show(this.#newest, !this.#follows);
  }

  #toEnd(): void {
    this.#follows = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    show(this.#newest, false);
  }
}
