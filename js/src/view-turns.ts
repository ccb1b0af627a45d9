/** Shows the turns of a chat, the running one last, and follows the newest text while the reader is there. */
import type { Turn } from "./protocol";
import { NOTHING } from "./extras";
import { isRunning, lastTurn, type Transcript } from "./transcript";
import type { Kit } from "./kit";
import type { AnswerView } from "./view-answer";
import { button, element, show } from "./view-element";
import type { Follow } from "./view-follow";
import { visible } from "./visible";

/** Below this many pixels of unseen text there is nothing to jump to. */
const NEAR = 48;
const KEEPING = 150;

interface Shown {
  turn: Turn;
  root: HTMLElement;
  answer: AnswerView | null;
}

export class TurnsView {
  readonly root = element("div", "jor-turns");
  readonly #log = element("div", "jor-log");
  readonly #newest = button("jor-button jor-newest", "Jump to the newest text", "\u2193 newest");
  readonly #picture: (id: string) => string;
  readonly #signal: AbortSignal;
  readonly #follow: Follow;
  readonly #kit: Kit;
  #kept = Number.NEGATIVE_INFINITY;
  #settled: Shown[] = [];
  #question: Shown | null = null;
  #answer: AnswerView | null = null;

  constructor(kit: Kit, picture: (id: string) => string, signal: AbortSignal) {
    this.#kit = kit;
    this.#picture = picture;
    this.#signal = signal;
    this.#log.tabIndex = 0;
    this.#log.setAttribute("role", "region");
    this.#log.setAttribute("aria-label", "conversation");
    this.#follow = new kit.Follow(kit.ownEnd(this.#log), signal, true, () => this.#offer());
    this.#newest.addEventListener("click", () => this.#jump(), { signal });
    show(this.#newest, false);
    this.root.append(this.#log, this.#newest);
  }

  take(now: Transcript, gone: boolean): void {
    const running = isRunning(now.state) && !gone;
    this.#takeSettled(now.messages, isRunning(now.state));
    const unkept = !running && this.#isUnkept(now);
    const cutShort = gone && isRunning(now.state);
    if ((running || cutShort) && now.asking) this.#ask(now.asking);
    else if (!unkept) this.#drop("question");
    if (running || unkept) {
      this.#answer ??= this.#newAnswer();
      this.#answer.take({ ...now, running });
      if (!running && !cutShort) this.#answer.foot(lastTurn(now));
    } else this.#drop("answer");
    show(this.root, this.#log.childElementCount > 0);
  }

  /** Draws for one frame, the newest turn first; true when more is left. */
  draw(): boolean {
    let more = this.#answer?.draw() ?? false;
    for (let at = this.#settled.length - 1; at >= 0 && !more; at--) more = this.#settled[at]?.answer?.draw() ?? false;
    // While a long conversation is put together, its end moves in every frame: looking now and then will do.
    if (!more || performance.now() - this.#kept > KEEPING) {
      this.#kept = performance.now();
      this.#follow.keep();
    }
    this.#offer();
    return more;
  }

  /** A stopped, cut or failed answer that no turn has taken in: its words must not be lost. */
  #isUnkept({ text, beside, messages }: Transcript): boolean {
    const last = messages.at(-1);
    return (text !== "" || beside !== NOTHING) && !(last?.role === "assistant" && last.content === text);
  }

  #takeSettled(turns: readonly Turn[], running: boolean): void {
    let same = 0;
    while (same < turns.length && this.#settled[same]?.turn.content === turns[same]?.content && this.#settled[same]?.turn.role === turns[same]?.role) same++;
    for (const gone of this.#settled.splice(same)) gone.root.remove();
    for (const turn of turns.slice(same)) this.#settled.push(this.#settle(turn, running));
    turns.forEach((turn, at) => {
      const shown = this.#settled[at];
      if (!shown || shown.turn === turn) return;
      shown.turn = turn;
      shown.answer?.foot(turn);
    });
  }

  /** The view of a settled turn: the running one's when it shows the same text, so that nothing jumps. */
  #settle(turn: Turn, running: boolean): Shown {
    if (turn.role === "user") {
      const shown = this.#question?.turn.content === turn.content ? this.#question : this.#newQuestion(turn);
      if (shown === this.#question) this.#question = null;
      else this.#place(shown.root);
      return shown;
    }
    const goesOn = this.#answer && turn.content.startsWith(this.#answer.text) && (this.#answer.text !== "" || !running);
    const kept = goesOn ? this.#answer : null;
    const answer = kept ?? new this.#kit.AnswerView(this.#picture, this.#signal);
    if (kept) this.#answer = null;
    else this.#place(answer.root);
    answer.take(this.#kit.settled(turn, answer.epoch));
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
    this.#follow.follows = true;
  }

  #newQuestion(turn: Turn): Shown {
    const root = element("article", "jor-question", visible(turn.content));
    root.setAttribute("aria-label", "question");
    root.dir = "auto";
    return { turn, root, answer: null };
  }

  #newAnswer(): AnswerView {
    const answer = new this.#kit.AnswerView(this.#picture, this.#signal);
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

  #offer(): void {
    show(this.#newest, !this.#follow.follows && this.#follow.below() > NEAR);
  }

  #jump(): void {
    // The button goes away: the keyboard stays where the text is.
    if (document.activeElement === this.#newest) this.#log.focus({ preventScroll: true });
    this.#follow.toEnd();
  }
}
