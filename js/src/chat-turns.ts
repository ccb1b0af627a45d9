/** Joins the model of a chat to the view of its turns: what they can ask for, what failed, and how they are left and found. */
import { cellOf, insertCell, notebookOf } from "./cells";
import type { Kit } from "./kit";
import type { Link } from "./link";
import { keep, type KeptFile, type Place, recall } from "./memory";
import { isRunning, type Transcript } from "./transcript";
import type { TurnActions } from "./turn-actions";
import { copyText } from "./view-clipboard";
import { element, setText } from "./view-element";
import { GoneView } from "./view-gone";
import { Note } from "./view-note";
import { RemedyView } from "./view-remedy";
import { hideTranscripts } from "./view-siblings";
import { TurnsView } from "./view-turns";

/** How long after a move, in milliseconds, the place is kept. */
const SETTLED = 250;

/** Where the readers of each chat have left it, in this page. */
const places = new WeakMap<Link, Place | null>();
const recalled = new WeakSet<Link>();

/** What is being written in a chat, as far as it must outlive the page. */
export interface Written {
  readonly unsent: string;
  readonly files: readonly KeptFile[];
  takeUp(text: string, files: readonly KeptFile[]): void;
  lend: TurnActions["writing"];
}

export class ChatTurns {
  readonly root: HTMLElement;
  readonly actions: TurnActions;
  readonly #link: Link;
  readonly #draft: Written;
  readonly #turns: TurnsView;
  readonly #failure: InstanceType<Kit["FailureView"]>;
  readonly #remedy: RemedyView;
  readonly #note = new Note();
  readonly #gone: GoneView;
  readonly #hiding = new AbortController();

  /**
   * `draft` is what is being written; `pickModel` lets the reader choose the model of a retry; `onDrawn` is called when
   * a frame is to be drawn.
   */
  constructor(kit: Kit, link: Link, draft: Written, pickModel: TurnActions["pickModel"], onDrawn: () => void, signal: AbortSignal) {
    const spoken = element("div", "jor-spoken");
    spoken.setAttribute("role", "status");
    this.#link = link;
    this.#draft = draft;
    this.actions = {
      request: (request, buffers) => link.request(request, buffers),
      picture: (id) => link.pictures.address(id),
      toCell: (code, language) => toCell(link, code, language),
      hasCells: () => notebookOf(link.host) !== null,
      pickModel,
      writing: (read) => draft.lend(read),
      say: (text) => setText(spoken, spoken.textContent === text ? `${text} ` : text),
    };
    this.#turns = new TurnsView(kit, this.actions, places.get(link) ?? null, onDrawn, signal);
    this.#failure = new kit.FailureView();
    this.#remedy = new RemedyView(this.actions, () => this.#retry(), signal);
    this.#gone = new GoneView(this.actions);
    this.root = element("div", "jor-conversation", this.#turns.root, this.#failure.root, this.#note.root, this.#gone.root, spoken);
    this.#remember(onDrawn, signal);
    signal.addEventListener("abort", () => this.#hiding.abort(), { once: true });
    // A host may put the element into the page only after this call.
    requestAnimationFrame(() => hideTranscripts(this.root, this.#hiding.signal));
  }

  /** What scrolls. */
  get log(): HTMLElement {
    return this.#turns.log;
  }

  take(now: Transcript, gone: boolean): void {
    this.#turns.take(now, gone);
    const failure = this.#ownFailure(now);
    this.#failure.take(failure);
    if (failure) this.#failure.root.append(this.#remedy.root);
    this.#remedy.take(failure);
    if (!failure) this.#note.say("");
    this.#gone.take(gone, now.saved);
    if (gone) this.#hiding.abort();
  }

  /** Draws for one frame; true when more is left. */
  draw(): boolean {
    return this.#turns.draw();
  }

  /** What failed, where no turn says it. */
  #ownFailure({ state, error, messages, text }: Transcript) {
    if (isRunning(state) || !error) return null;
    const last = messages.at(-1);
    const told = last?.error?.message === error.message;
    return told || (text && !this.#turns.leftover && last?.content !== text) ? null : error;
  }

  #retry(): void {
    const send: TurnActions["request"] = (request) => this.#link.request(request);
    void this.#note.attempt(send, { type: "retry", turn: "", model: "" });
  }

  /** Keeps draft and place for later views, and for this page when it is loaded again. */
  #remember(onDrawn: () => void, signal: AbortSignal): void {
    const link = this.#link;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const note = () => places.set(link, this.#turns.place());
    const onScroll = () => {
      clearTimeout(timer);
      timer = setTimeout(note, SETTLED);
    };
    const onHide = () => {
      note();
      void link.id().then((id) => id && keep(id, { draft: this.#draft.unsent, files: this.#draft.files, place: places.get(link) ?? null }));
    };
    this.#turns.log.addEventListener("scroll", onScroll, { signal, passive: true });
    addEventListener("pagehide", onHide, { signal });
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    if (recalled.has(link)) return;
    recalled.add(link);
    void link.id().then((id) => {
      if (!id || signal.aborted) return;
      const { draft, files, place } = recall(id);
      this.#draft.takeUp(draft, files);
      if (place && !places.get(link)) this.#turns.goTo(place);
      onDrawn();
    });
  }
}

/** Puts code into a new cell below the chat's, or else on the clipboard; what was done, in a few words. */
async function toCell(link: Link, code: string, language: string): Promise<string> {
  const cell = cellOf(code, language);
  if (cell && insertCell(link.host, await link.id(), cell)) return "added below";
  return (await copyText(code)) ? "copied; paste it into a cell" : "not copied";
}
