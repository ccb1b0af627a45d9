/** Lets a model be chosen: a list that is searched as one types, or any slug that is typed. */
import type { Catalogue } from "./catalogue";
import { found, unfit } from "./model-list";
import type { ModelCard } from "./protocol";
import { button, element, setText, show } from "./view-element";
import { modelRow, slugRow } from "./view-model-row";
import { Popup } from "./view-popup";
import { visible } from "./visible";

const PAGE = 8;
const LONGEST = 200;
const NONE: ReadonlySet<string> = new Set();
let pickers = 0;

export interface Choosing {
  /** The slug that is marked as the current one. */
  current: string;
  /** What the model must be able to take, such as "image". */
  needed?: ReadonlySet<string>;
}

interface Row {
  slug: string;
  root: HTMLElement;
  /** Why it cannot be chosen; "" when it can. */
  unfit: string;
}

export class ModelPicker {
  readonly #popup: Popup;
  readonly #search = element("input", "jor-input jor-picker-search");
  readonly #list = element("div", "jor-options");
  readonly #state = element("p", "jor-picker-state");
  readonly #again = button("jor-link-button", "Try again");
  readonly #catalogue: Catalogue;
  readonly #id = `jor-picker-${++pickers}`;
  readonly #made = new Map<ModelCard, HTMLElement>();
  #rows: Row[] = [];
  #active = -1;
  #current = "";
  #needed = NONE;
  #choose: ((slug: string | null) => void) | null = null;

  constructor(catalogue: Catalogue, signal: AbortSignal) {
    this.#catalogue = catalogue;
    this.#popup = new Popup("Choose a model", () => this.#end(null), signal);
    const search = this.#search;
    search.type = "text";
    search.placeholder = "Search models, or type a slug";
    search.maxLength = LONGEST;
    search.autocomplete = "off";
    search.spellcheck = false;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": `${this.#id}-list`, "aria-label": "Search models, or type a slug" })) search.setAttribute(name, value);
    this.#list.id = `${this.#id}-list`;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", "models");
    this.#state.setAttribute("role", "status");
    const legend = element("p", "jor-picker-legend", "Prices: US dollars for a million tokens, in \u2192 out");
    this.#popup.root.classList.add("jor-picker");
    this.#popup.root.append(search, this.#list, element("div", "jor-picker-foot", this.#state, this.#again, legend));
    search.addEventListener("input", () => this.#draw(true), { signal });
    search.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    // The focus stays in the field, where the keys are heard.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    this.#list.addEventListener("click", (event) => this.#onClick(event), { signal });
    this.#again.addEventListener("click", () => this.#catalogue.open(), { signal });
    catalogue.watch(() => this.#popup.open && this.#draw(false), signal);
  }

  /** Where the list opens; it must stand in the view, beside the buttons that open it. */
  get root(): HTMLElement {
    return this.#popup.root;
  }

  /** Opens at a button; resolves to the slug that was chosen, or to null. A second click on the button closes it. */
  choose(anchor: HTMLElement, { current, needed = NONE }: Choosing): Promise<string | null> {
    if (this.#popup.open) {
      const same = anchor.getAttribute("aria-expanded") === "true";
      this.#popup.close(same);
      if (same) return Promise.resolve(null);
    }
    this.#current = current;
    this.#needed = needed;
    this.#search.value = "";
    this.#catalogue.open();
    this.#draw(true);
    this.#popup.openAt(anchor);
    this.#search.focus({ preventScroll: true });
    this.#reveal();
    return new Promise((resolve) => (this.#choose = resolve));
  }

  #end(slug: string | null): void {
    const choose = this.#choose;
    this.#choose = null;
    choose?.(slug);
  }

  /** A row that cannot serve what is attached says so, and is not chosen. */
  #take(row: Row | undefined): void {
    if (!row) return;
    if (row.unfit) {
      setText(this.#state, `${visible(row.slug)} ${row.unfit}, and something of the kind is attached.`);
      return;
    }
    const choose = this.#choose;
    this.#choose = null;
    this.#popup.close();
    choose?.(row.slug);
  }

  #onClick(event: Event): void {
    const option = (event.target as Element).closest<HTMLElement>("[role=option]");
    this.#take(this.#rows.find(({ root }) => root === option));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.#rows.length - 1;
    const to: Record<string, number> = {
      ArrowDown: this.#active >= last ? 0 : this.#active + 1,
      ArrowUp: this.#active <= 0 ? last : this.#active - 1,
      PageDown: Math.min(last, this.#active + PAGE),
      PageUp: Math.max(0, this.#active - PAGE),
    };
    const at = to[event.key];
    if (at !== undefined) this.#activate(at);
    else if (event.key === "Enter") this.#take(this.#rows[this.#active]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #draw(fresh: boolean): void {
    const typed = this.#search.value.trim();
    const held = fresh ? undefined : this.#rows[this.#active]?.slug;
    const { models, error, loading } = this.#catalogue;
    this.#rows = found(models, typed, this.#needed).map((model) => ({ slug: model.slug, root: this.#row(model), unfit: unfit(model, this.#needed) }));
    if (typed && !/\s/.test(typed) && !this.#rows.some(({ slug }) => slug === typed)) this.#rows.push({ slug: typed, root: slugRow(typed), unfit: "" });
    this.#rows.forEach(({ root, unfit: reason, slug }, at) => {
      root.id = `${this.#id}-${at}`;
      // A row that was the active one when the list was last open is made once, and shown again.
      root.setAttribute("aria-selected", "false");
      root.setAttribute("aria-disabled", String(reason !== ""));
      root.classList.toggle("jor-current", slug === this.#current);
      setText(root.lastElementChild as Element, reason);
      show(root.lastElementChild as HTMLElement, reason !== "");
    });
    this.#list.replaceChildren(...this.#rows.map(({ root }) => root));
    const wanted = held ?? (typed ? "" : this.#current);
    this.#active = -1;
    this.#activate(Math.max(0, this.#rows.findIndex(({ slug, unfit: reason }) => slug === wanted && (held || !reason))));
    this.#say(models.length, error, loading, typed);
  }

  #say(count: number, error: Catalogue["error"], loading: boolean, typed: string): void {
    const wrong = error && [error.message, error.remedy].filter(Boolean).map((text) => visible(text ?? "")).join(" ");
    const none = !this.#rows.length ? (typed ? "No model has these words." : "There are no models; type a slug.") : "";
    setText(this.#state, loading && !count ? "Getting the list of models\u2026" : wrong || none);
    this.#state.classList.toggle("jor-bad", !!wrong && !loading);
    show(this.#again, !!error && !loading);
  }

  #row(model: ModelCard): HTMLElement {
    let row = this.#made.get(model);
    if (!row) this.#made.set(model, (row = modelRow(model)));
    return row;
  }

  #activate(at: number): void {
    this.#rows[this.#active]?.root.setAttribute("aria-selected", "false");
    this.#active = this.#rows.length ? at : -1;
    const row = this.#rows[this.#active]?.root;
    row?.setAttribute("aria-selected", "true");
    if (row) this.#search.setAttribute("aria-activedescendant", row.id);
    else this.#search.removeAttribute("aria-activedescendant");
    this.#reveal();
  }

  /** Scrolls the list, and nothing around it. */
  #reveal(): void {
    const row = this.#rows[this.#active]?.root;
    if (!row) return;
    const [list, place] = [this.#list.getBoundingClientRect(), row.getBoundingClientRect()];
    if (place.top < list.top) this.#list.scrollTop -= list.top - place.top;
    else if (place.bottom > list.bottom) this.#list.scrollTop += place.bottom - list.bottom;
  }
}
