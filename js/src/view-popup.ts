/** A panel that opens at a button, above all that would clip it, and closes by Esc, a click elsewhere, or leaving it. */
import { element, show } from "./view-element";

const GAP = 6;
const EDGE = 8;
/** With less room than this, in pixels, above and below the button the panel stands in the text instead. */
const LEAST = 220;
const TALLEST = 460;

export class Popup {
  readonly root = element("div", "jor-popup");
  readonly #signal: AbortSignal;
  readonly #closed: () => void;
  #anchor: HTMLElement | null = null;
  #life: AbortController | null = null;

  /** `closed` is called each time when it has closed. */
  constructor(name: string, closed: () => void, signal: AbortSignal) {
    this.#signal = signal;
    this.#closed = closed;
    this.root.setAttribute("role", "dialog");
    this.root.setAttribute("aria-label", name);
    // A click on its own ground must not take the focus, or it would count as left.
    this.root.tabIndex = -1;
    show(this.root, false);
    signal.addEventListener("abort", () => this.close(false), { once: true });
  }

  get open(): boolean {
    return this.#anchor !== null;
  }

  /** Opens at `anchor`, which shows by `aria-expanded` that it is open. */
  openAt(anchor: HTMLElement): void {
    if (this.open) this.close(false);
    if (this.#signal.aborted) return;
    this.#anchor = anchor;
    anchor.setAttribute("aria-expanded", "true");
    show(this.root, true);
    const life = new AbortController();
    this.#life = life;
    const { signal } = life;
    const above = this.#isAbove();
    this.root.classList.toggle("jor-inline", !above);
    if (above) {
      this.root.popover = "manual";
      this.root.showPopover();
      this.#place();
      const again = () => this.#place();
      addEventListener("resize", again, { signal });
      addEventListener("scroll", again, { signal, capture: true, passive: true });
    } else {
      this.root.removeAttribute("popover");
      this.root.scrollIntoView({ block: "nearest" });
    }
    const inside = (event: Event) => event.composedPath().some((node) => node === this.root || node === this.#anchor);
    document.addEventListener("pointerdown", (event) => inside(event) || this.close(false), { signal, capture: true });
    this.root.addEventListener("focusout", (event) => this.#onFocusOut(event), { signal });
    this.root.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  close(refocus = true): void {
    const anchor = this.#anchor;
    if (!anchor) return;
    this.#anchor = null;
    this.#life?.abort();
    anchor.setAttribute("aria-expanded", "false");
    const focused = this.root.contains((this.root.getRootNode() as Document | ShadowRoot).activeElement ?? null);
    if (this.root.popover && this.root.isConnected && this.root.matches(":popover-open")) this.root.hidePopover();
    show(this.root, false);
    if (refocus && focused && anchor.isConnected) anchor.focus({ preventScroll: true });
    this.#closed();
  }

  #onFocusOut(event: FocusEvent): void {
    const next = event.relatedTarget as Node | null;
    // No target: the window itself has lost the focus, or a click decides.
    if (next && !this.root.contains(next) && next !== this.#anchor) this.close(false);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.close();
  }

  #isAbove(): boolean {
    if (typeof this.root.showPopover !== "function" || !this.root.isConnected) return false;
    const { up, down } = this.#room();
    return Math.max(up, down) >= LEAST;
  }

  #room(): { place: DOMRect; up: number; down: number } {
    const place = (this.#anchor as HTMLElement).getBoundingClientRect();
    return { place, up: place.top - GAP - EDGE, down: innerHeight - place.bottom - GAP - EDGE };
  }

  #place(): void {
    const { place, up, down } = this.#room();
    // The button was scrolled away: nothing says any more what the panel belongs to.
    if (place.bottom < 0 || place.top > innerHeight) {
      this.close(false);
      return;
    }
    const { style } = this.root;
    const isUp = up >= Math.min(TALLEST, this.root.scrollHeight) || up > down;
    style.maxHeight = `${Math.min(TALLEST, isUp ? up : down)}px`;
    style.left = `${Math.max(EDGE, Math.min(place.left, innerWidth - this.root.offsetWidth - EDGE))}px`;
    style.top = isUp ? "auto" : `${place.bottom + GAP}px`;
    style.bottom = isUp ? `${innerHeight - place.top + GAP}px` : "auto";
  }
}
