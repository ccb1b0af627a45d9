/** All of a chat that stands below its messages: suggestions, the queue, the box with its tools, and the totals. */
import { type Desk, neededModalities, type Orders } from "./desk";
import { isRunning, type Transcript } from "./transcript";
import { ComposerView } from "./view-composer";
import { element } from "./view-element";
import { ModelView } from "./view-model";
import { ModelPicker } from "./view-picker";
import { QueueView } from "./view-queue";
import { SettingsView } from "./view-settings";
import { SizeView } from "./view-size";
import { SuggestionsView } from "./view-suggestions";
import { TotalsView } from "./view-totals";

export interface DeskPlace {
  desk: Desk;
  orders: Orders;
  /** The whole chat, and what scrolls in it. */
  chat: HTMLElement;
  list: HTMLElement;
}

export class DeskView {
  readonly root = element("div", "jor-desk");
  readonly #picker: ModelPicker;
  readonly #desk: Desk;
  readonly #suggestions: SuggestionsView;
  readonly #queue: QueueView;
  readonly #model: ModelView;
  readonly #settings: SettingsView;
  readonly #composer: ComposerView;
  readonly #totals = new TotalsView();
  readonly #size: SizeView;
  #now: Transcript | null = null;
  #gone = false;

  constructor({ desk, orders, chat, list }: DeskPlace, signal: AbortSignal) {
    this.#desk = desk;
    const { draft } = desk;
    const request: Orders["request"] = (message, buffers) => orders.request(message, buffers);
    this.#picker = new ModelPicker(desk.catalogue, signal);
    this.#suggestions = new SuggestionsView((text) => {
      draft.ask(text);
      this.#composer.focus();
    });
    this.#queue = new QueueView(draft, { request }, () => this.#composer.focus(), signal);
    this.#settings = new SettingsView(request, signal);
    this.#model = new ModelView({ picker: this.#picker, request, needed: () => this.needed(), say: (note) => draft.say(note) }, signal);
    const tools = [this.#model.root, this.#settings.button];
    this.#composer = new ComposerView({ draft, stop: () => orders.stop(), area: chat, tools }, signal);
    this.#size = new SizeView(chat, list, desk.height, signal);
    // JupyterLab's single-key commands must not hear what is typed here.
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.root.append(this.#size.root, this.#suggestions.root, this.#queue.root, this.#composer.root, this.#picker.root, this.#settings.root, this.#totals.root);
    draft.watch(() => this.#drawWaiting(), signal);
  }

  /** What a model must be able to take to answer here. */
  needed(): Set<string> {
    return neededModalities(this.#desk.draft.attached, this.#now?.messages ?? []);
  }

  /** Lets a model be chosen at a button elsewhere in the chat. */
  pick(near: HTMLElement): Promise<string | null> {
    return this.#picker.choose(near, { current: this.#now?.model ?? "", needed: neededModalities([], this.#now?.messages ?? []) });
  }

  take(now: Transcript, gone: boolean): void {
    const first = this.#now === null;
    [this.#now, this.#gone] = [now, gone];
    const running = isRunning(now.state) && !gone;
    this.#desk.draft.take(now);
    this.#composer.take(running, gone);
    this.#model.take(now.model, gone);
    this.#settings.take(now.system, now.params ?? {}, gone);
    this.#totals.take(now.totals ?? {});
    this.#size.take(now.messages.length > 0 || running);
    this.#drawWaiting();
    if (first) this.#composer.fit();
  }

  #drawWaiting(): void {
    const now = this.#now;
    if (!now) return;
    const running = isRunning(now.state) && !this.#gone;
    const empty = !now.messages.length && !running && !now.asking && !now.asking_attachments?.length && !now.queued.length && !this.#desk.draft.out.length;
    this.#suggestions.take(now.suggestions ?? [], empty && !this.#gone);
    this.#queue.take(now.queued ?? [], running, this.#gone);
  }
}
