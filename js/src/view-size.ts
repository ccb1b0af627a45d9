/** Lets the message list be made higher or lower, with the pointer or by keys; kept for every later view of the chat. */
import { element, show } from "./view-element";

const LEAST = 96;
const MOST = 2000;
const STEP = 24;
const PAGE = 120;

/** The height in pixels that was chosen for the views of one chat; null is as high as its text. */
export interface Height {
  value: number | null;
}

export class SizeView {
  readonly root = element("div", "jor-size");
  readonly #chat: HTMLElement;
  readonly #list: HTMLElement;
  readonly #height: Height;
  #shown: number | null = null;

  /** `list` is what scrolls in `chat`. */
  constructor(chat: HTMLElement, list: HTMLElement, height: Height, signal: AbortSignal) {
    this.#chat = chat;
    this.#list = list;
    this.#height = height;
    const attributes = { role: "separator", tabindex: "0", "aria-orientation": "horizontal", "aria-label": "Height of the conversation", "aria-valuemin": LEAST, "aria-valuemax": MOST, "aria-valuenow": LEAST };
    for (const [name, value] of Object.entries(attributes)) this.root.setAttribute(name, String(value));
    this.root.title = "Drag to resize; double-click for the height of the text";
    this.root.addEventListener("pointerdown", (event) => this.#onDown(event), { signal });
    this.root.addEventListener("dblclick", () => this.#set(null), { signal });
    this.root.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.root.addEventListener("focus", () => this.#tell(), { signal });
  }

  take(wanted: boolean): void {
    show(this.root, wanted);
    const { value } = this.#height;
    if (value === this.#shown) return;
    this.#shown = value;
    this.#chat.classList.toggle("jor-sized", value !== null);
    this.#chat.style.setProperty("--jor-height", value === null ? "" : `${value}px`);
    this.#tell();
  }

  /** Says how high it is; measured where it is as high as its text. */
  #tell(): void {
    const { value } = this.#height;
    const now = Math.max(LEAST, Math.min(MOST, value ?? this.#list.offsetHeight));
    this.root.setAttribute("aria-valuenow", String(now));
    this.root.setAttribute("aria-valuetext", value === null ? "as high as its text" : `${now} pixels`);
  }

  #set(height: number | null): void {
    this.#height.value = height === null ? null : Math.round(Math.max(LEAST, Math.min(MOST, height)));
    this.take(!this.root.hidden);
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    const [start, height] = [event.clientY, this.#list.offsetHeight];
    const life = new AbortController();
    const { signal } = life;
    this.root.setPointerCapture(event.pointerId);
    this.root.addEventListener("pointermove", (moved) => moved.clientY !== start && this.#set(height + moved.clientY - start), { signal });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) this.root.addEventListener(end, () => life.abort(), { signal });
  }

  #onKey(event: KeyboardEvent): void {
    const now = this.#list.offsetHeight;
    const to: Record<string, number | null> = {
      ArrowDown: now + STEP,
      ArrowUp: now - STEP,
      PageDown: now + PAGE,
      PageUp: now - PAGE,
      Home: LEAST,
      Enter: null,
    };
    if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#set(to[event.key] ?? null);
  }
}
