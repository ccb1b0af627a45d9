/** Shows which of several branches stands here, and goes to the one before or after. */
import { element, setText, show } from "./view-element";
import { iconButton } from "./view-toolbar";

export class BranchesView {
  readonly root = element("div", "jor-branches");
  readonly #what: string;
  readonly #line = element("span", "jor-branches-line");
  readonly #back: HTMLButtonElement;
  readonly #on: HTMLButtonElement;
  #branches: readonly string[] = [];
  #id = "";

  /** `what` names what there are several of; `go` is told the id of the one to show. */
  constructor(what: string, go: (id: string) => void, signal: AbortSignal) {
    this.#what = what;
    this.#back = iconButton(`previous ${what}`, "left", "jor-kernel");
    this.#on = iconButton(`next ${what}`, "right", "jor-kernel");
    const step = (by: number) => {
      const next = this.#branches[this.#branches.indexOf(this.#id) + by];
      if (next !== undefined) go(next);
    };
    this.#back.addEventListener("click", () => step(-1), { signal });
    this.#on.addEventListener("click", () => step(1), { signal });
    this.root.setAttribute("role", "group");
    this.root.append(this.#back, this.#line, this.#on);
    show(this.root, false);
  }

  take(id: string | undefined, branches: readonly string[] | undefined): void {
    this.#id = id ?? "";
    this.#branches = branches ?? [];
    const at = this.#branches.indexOf(this.#id);
    const shown = at >= 0 && this.#branches.length > 1;
    if (shown) {
      setText(this.#line, `${at + 1} of ${this.#branches.length}`);
      this.root.setAttribute("aria-label", `${this.#what} ${at + 1} of ${this.#branches.length}`);
      this.#back.disabled = at === 0;
      this.#on.disabled = at === this.#branches.length - 1;
    }
    show(this.root, shown);
  }

  /** Takes over the focus that was lost with the branch before: to the button of this name, if there is more that way. */
  takeFocus(name: string, fallback: HTMLElement): void {
    const { activeElement } = document;
    if (activeElement && activeElement !== document.body && activeElement !== fallback) return;
    const [one, other] = this.#back.getAttribute("aria-label") === name ? [this.#back, this.#on] : [this.#on, this.#back];
    (one.disabled ? other : one).focus({ preventScroll: true });
  }
}
