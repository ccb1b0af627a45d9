/** Shows the turns of a chat, the running one last: settled ones are built once, the newest first, and left alone. */
import type { Kit } from "./kit";
import type { Place } from "./memory";
import type { Turn } from "./protocol";
import { isNothing } from "./extras";
import { isRunning, type Transcript } from "./transcript";
import type { TurnActions } from "./turn-actions";
import { answerTo, classOf, guessedHeight, hasSettled, isSame, isTaken, keysOf, type Taken } from "./turn-order";
import { answerCells } from "./view-code-cells";
import { button, element, show } from "./view-element";
import type { Follow } from "./view-follow";
import { QuestionView } from "./view-question";
import { ReplyView } from "./view-reply";

/** Below this many pixels of unseen text there is nothing to jump to. */
const NEAR = 48;
const KEEPING = 150;

/** One place in the list; until it is near what can be seen, or the page has time, it is an empty one of about the right height. */
interface Item {
  root: HTMLElement;
  turn: Turn | null;
  view: QuestionView | ReplyView | null;
  near: boolean;
  drawn: boolean;
  end: AbortController;
}

export class TurnsView {
  readonly root = element("div", "jor-turns");
  readonly log = element("div", "jor-log");
  readonly #list = element("div", "jor-list");
  /** An answer is shown that no turn has taken in. */
  leftover = false;
  readonly #newest = button("jor-button jor-newest", "Jump to the newest text", "\u2193 newest");
  readonly #kit: Kit;
  readonly #actions: TurnActions;
  readonly #signal: AbortSignal;
  readonly #follow: Follow;
  readonly #onDrawn: () => void;
  #kept = Number.NEGATIVE_INFINITY;
  #turns: readonly Turn[] = [];
  #items = new Map<string, Item>();
  #question: Item | null = null;
  #answer: Item | null = null;
  /** What runs has been told as settled turns already; its state has not. */
  #taken: Taken | null = null;
  /** The number of the last answer that was told as a turn before its state was. */
  #told = -1;
  /** Views with images that are on their way. */
  readonly #awaiting = new Set<QuestionView | ReplyView>();
  /** The branch that was asked for, which gets the focus that was on the switch, and the name of the button pressed. */
  #wanted = "";
  #pressed = "";
  /** Where the reader was in an earlier view, until the reader moves. */
  #place: Place | null = null;
  /** The end was in sight when turns came that are not all built yet: until then, only a reader's own move leaves it. */
  #atEnd = false;

  /** `onDrawn` is called when something was built between frames, `place` is where an earlier view was left. */
  constructor(kit: Kit, actions: TurnActions, place: Place | null, onDrawn: () => void, signal: AbortSignal) {
    this.#kit = kit;
    this.#signal = signal;
    this.#onDrawn = onDrawn;
    const request: TurnActions["request"] = (asked, buffers) => {
      if (asked.type === "branch") {
        this.#wanted = asked.turn;
        this.#pressed = document.activeElement?.getAttribute("aria-label") ?? "";
      }
      return actions.request(asked, buffers);
    };
    this.#actions = { ...actions, request };
    this.log.tabIndex = 0;
    // No landmark: a page may have many chats, which would all have the same name.
    this.log.setAttribute("role", "group");
    this.log.setAttribute("aria-label", "conversation");
    this.#follow = new kit.Follow(kit.ownEnd(this.log), signal, true, () => this.#offer());
    if (place) this.goTo(place);
    const moved = () => ([this.#place, this.#atEnd] = [null, false]);
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) this.log.addEventListener(name, moved, { signal, passive: true });
    this.#newest.addEventListener("click", () => this.#jump(), { signal });
    answerCells(this.log, actions, kit.sourceOf, signal);
    signal.addEventListener("abort", () => this.#items.forEach((item) => item.end.abort()), { once: true });
    this.#holdOnResize();
    show(this.#newest, false);
    this.log.append(this.#list);
    this.root.append(this.log, this.#newest);
  }

  take(now: Transcript, gone: boolean): void {
    const focused = this.log.contains(document.activeElement) && document.activeElement !== this.log;
    const running = isRunning(now.state) && !gone;
    const changed = now.messages !== this.#turns;
    if (changed && this.#answer && hasSettled(this.#turns, now)) this.#told = now.answer;
    if (changed) this.#settle(now);
    if (!isTaken(this.#taken, now)) this.#taken = null;
    const words = now.text !== "" || now.thought !== "" || !isNothing(now.beside);
    // The turn may come a moment later than the state that says it has settled.
    const asks = now.asking !== "" || !!now.asking_attachments?.length;
    this.leftover = !running && words && (asks || (!!this.#answer && !changed && this.#told !== now.answer && now.state !== "idle"));
    if (asks && !this.#taken) this.#ask(now);
    else if (!this.leftover) this.#question = this.#drop(this.#question);
    if ((running && !this.#taken) || this.leftover) {
      this.#answer ??= this.#add("reply");
      (this.#answer.view as ReplyView).run({ ...now, running });
    } else this.#answer = this.#drop(this.#answer);
    for (const view of this.#awaiting) if (!view.pictures()) this.#awaiting.delete(view);
    show(this.root, this.#list.childElementCount > 0);
    // What had the focus was taken away: the keyboard stays in the conversation.
    if (focused && !this.log.contains(document.activeElement)) this.log.focus({ preventScroll: true });
  }

  /** Draws for one frame, what can be seen first; true when more is left of that. */
  draw(): boolean {
    let more = this.#answer ? (this.#answer.view as ReplyView).draw() : false;
    const end = performance.now() + 8;
    for (const item of this.#newestFirst()) if (!more && item.near && !item.drawn) more = this.#build(item) || performance.now() > end;
    // While a long conversation is put together, its end moves in every frame: looking now and then will do.
    if (!more || performance.now() - this.#kept > KEEPING) {
      this.#kept = performance.now();
      this.#hold();
    }
    this.#focusWanted();
    this.#offer();
    if (!more) this.#kit.whenIdle(this.#buildNext);
    return more;
  }

  /** Goes to where an earlier view was left. */
  goTo(place: Place): void {
    this.#place = place;
    this.#follow.follows = this.#atEnd = false;
  }

  /** Where the reader is, for a later view; null at the end. */
  place(): Place | null {
    if (this.#follow.follows !== false) return null;
    const top = this.log.scrollTop;
    for (const [turn, { root }] of this.#items) {
      if (root.offsetTop + root.offsetHeight > top) return { turn, offset: Math.round(top - root.offsetTop) };
    }
    return null;
  }

  /** Builds what is far away, while the page has nothing better to do; true when more is left. */
  #buildNext = (): boolean => {
    if (this.#signal.aborted) return false;
    const next = this.#newestFirst().find((item) => !item.drawn);
    if (next) this.#build(next);
    else if (this.#atEnd) this.#hold();
    this.#atEnd &&= !!next;
    return !!next;
  };

  #newestFirst(): Item[] {
    return this.#turns.length ? Array.from(this.#items.values()).reverse() : [];
  }

  /** Makes the view of a turn, and draws some of it; true when more is left. */
  #build(item: Item): boolean {
    if (!item.view && item.turn) {
      item.view = this.#viewOf(item.turn.role === "user" ? "question" : "reply", item);
      item.view.settle(item.turn);
    }
    const more = item.view instanceof ReplyView && item.view.draw();
    if (more) return true;
    item.root.style.minHeight = "";
    item.drawn = true;
    if (item.view?.pictures()) this.#awaiting.add(item.view);
    return false;
  }

  #settle(now: Transcript): void {
    const turns = (this.#turns = now.messages);
    const before = this.#items;
    this.#items = new Map();
    let last: Element | null = null;
    keysOf(turns).forEach((key, at) => {
      const turn = turns[at] as Turn;
      const known = before.get(key);
      const same = known?.turn?.role === turn.role ? known : undefined;
      const item = same ?? this.#adopted(turn, turns[at + 1], now) ?? this.#placeFor(turn);
      if (same) before.delete(key);
      this.#items.set(key, item);
      if (same?.turn && !isSame(same.turn, turn)) this.#change(same, turn);
      else item.turn = turn;
      // Only what stands elsewhere is moved: a move would cost the focus and the selection in it.
      const place: Element | null = last ? last.nextElementSibling : this.#list.firstElementChild;
      if (item.root !== place) this.#list.insertBefore(item.root, place);
      last = item.root;
    });
    for (const gone of before.values()) this.#drop(gone);
  }

  /** A turn whose text, branches or figures are others now. */
  #change(item: Item, turn: Turn): void {
    item.turn = turn;
    item.view?.settle(turn);
    item.drawn = false;
  }

  /** The view of the running question or answer, when the turn is that one: then nothing jumps. */
  #adopted(turn: Turn, next: Turn | undefined, { state, asking, answer }: Transcript): Item | null {
    const item = turn.role === "user" ? this.#question : this.#answer;
    if (!item?.view) return null;
    const content = answerTo(turn, next);
    const text = this.#answer?.view?.text ?? "";
    if (!content.startsWith(text)) return null;
    if (turn.role === "user") {
      if (item.view.text !== turn.content) return null;
      this.#question = null;
    } else {
      // Whoever shares the conversation may have been told what begins alike, to another question.
      if (this.#question || (isRunning(state) && !text)) return null;
      this.#answer = null;
    }
    if (isRunning(state)) this.#taken = { asking, answer, content };
    item.view.settle(turn);
    item.drawn = false;
    item.near = true;
    return item;
  }

  #placeFor(turn: Turn): Item {
    const item: Item = { root: element("div", `jor-turn ${classOf(turn)}`), turn, view: null, near: false, drawn: false, end: new AbortController() };
    const height = guessedHeight(turn);
    this.#atEnd ||= this.#follow.follows !== false;
    item.root.style.cssText = `min-height: ${height}px; contain-intrinsic-height: auto ${height}px`;
    this.#kit.whenNear(item.root, (near) => {
      item.near = near;
      if (near && !item.drawn) this.#onDrawn();
    });
    return item;
  }

  #viewOf(kind: "question" | "reply", { root, end }: Item): QuestionView | ReplyView {
    return kind === "question" ? new QuestionView(root, this.#actions, end.signal) : new ReplyView(this.#kit, root, this.#actions, end.signal);
  }

  /** A place for what runs, after the settled turns. */
  #add(kind: "question" | "reply"): Item {
    const item: Item = { root: element("div", "jor-turn"), turn: null, view: null, near: true, drawn: true, end: new AbortController() };
    item.view = this.#viewOf(kind, item);
    this.#list.insertBefore(item.root, kind === "question" ? (this.#answer?.root ?? null) : null);
    return item;
  }

  #ask({ asking, asking_attachments: attachments }: Transcript): void {
    if (this.#question && (this.#question.view as QuestionView).text !== asking) this.#question = this.#drop(this.#question);
    if (!this.#question) {
      this.#question = this.#add("question");
      this.#follow.follows = true;
      this.#place = null;
    }
    (this.#question.view as QuestionView).ask(asking, attachments ?? []);
    if (this.#question.view?.pictures()) this.#awaiting.add(this.#question.view);
  }

  #drop(item: Item | null): null {
    item?.end.abort();
    item?.root.remove();
    if (item?.view) this.#awaiting.delete(item.view);
    return null;
  }

  /** Keeps the end in sight for who is there, and the place of an earlier view for who was elsewhere. */
  #hold(drawn = true): void {
    const item = this.#place ? this.#items.get(this.#place.turn) : null;
    if (this.#atEnd) this.#follow.follows = true;
    if (this.#place && item) this.log.scrollTop = item.root.offsetTop + this.#place.offset;
    this.#follow.keep(drawn);
  }

  /** Formulas, images and folds change the height long after the text, and the reader that of the list. */
  #holdOnResize(): void {
    if (typeof ResizeObserver !== "function") return;
    const observer = new ResizeObserver(() => this.#hold(false));
    observer.observe(this.#list);
    observer.observe(this.log);
    this.#signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  }

  #focusWanted(): void {
    const view = this.#wanted ? this.#items.get(this.#wanted)?.view : null;
    if (!view) return;
    this.#wanted = "";
    view.branches.takeFocus(this.#pressed, this.log);
  }

  #offer(): void {
    show(this.#newest, !this.#follow.follows && this.#follow.below() > NEAR);
  }

  #jump(): void {
    // The button goes away: the keyboard stays where the text is.
    if (document.activeElement === this.#newest) this.log.focus({ preventScroll: true });
    this.#place = null;
    this.#follow.toEnd();
  }
}
