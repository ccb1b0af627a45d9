/** The button that shows a chat's model and lets another one be chosen. */
import type { Request } from "./requests";
import { button, element, setText } from "./view-element";
import { icon } from "./view-icons";
import type { ModelPicker } from "./view-picker";
import { visible } from "./visible";

export interface ModelOrders {
  picker: ModelPicker;
  request(request: Request): Promise<string | null>;
  /** What a model must be able to take for what is attached now. */
  needed(): ReadonlySet<string>;
  /** Says why the model was not changed. */
  say(note: string): void;
}

export class ModelView {
  readonly root: HTMLButtonElement;
  /** The part before the slash gives way where there is little room. */
  readonly #author = element("span", "jor-model-author");
  readonly #rest = element("span");
  readonly #orders: ModelOrders;
  #model = "";
  /** What was chosen and not confirmed so far. */
  #chosen = "";

  constructor(orders: ModelOrders, signal: AbortSignal) {
    this.#orders = orders;
    this.root = button("jor-quiet-button jor-model-button", "Model", element("span", "jor-model-name", this.#author, this.#rest), icon("open"));
    this.root.setAttribute("aria-haspopup", "dialog");
    this.root.setAttribute("aria-expanded", "false");
    this.root.addEventListener("click", () => void this.#choose(), { signal });
  }

  take(model: string, gone: boolean): void {
    this.#model = model;
    this.root.disabled = gone;
    this.#draw();
  }

  #draw(): void {
    const slug = visible(this.#chosen || this.#model);
    const cut = slug.indexOf("/") + 1;
    setText(this.#author, slug.slice(0, cut));
    setText(this.#rest, slug.slice(cut) || "choose a model");
    this.root.classList.toggle("jor-pending", this.#chosen !== "");
    const label = `Model: ${slug || "none"}`;
    if (this.root.title === label) return;
    this.root.title = label;
    this.root.setAttribute("aria-label", label);
  }

  async #choose(): Promise<void> {
    const { picker, request, needed, say } = this.#orders;
    const slug = await picker.choose(this.root, { current: this.#model, needed: needed() });
    if (slug === null || slug === this.#model) return;
    this.#chosen = slug;
    this.#draw();
    const refused = await request({ type: "model", model: slug });
    this.#chosen = "";
    this.#draw();
    if (refused !== null) say(`The model was not changed: ${refused}`);
  }
}
