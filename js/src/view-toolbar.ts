/** A row of small buttons with one stop for Tab; the arrow keys go from one to the next. */
import { button, element } from "./view-element";
import { icon, type IconName } from "./view-icons";

/** How long a button shows that it is done, in milliseconds. */
const SHOWN = 1500;

export interface Tool {
  icon: IconName;
  /** What it does, as its name and its tooltip. */
  name: string;
  /** True when it is done at once, and the button is to show it. */
  run(pressed: HTMLButtonElement): Promise<boolean> | void;
  /** Needs the kernel: not offered when that is gone. */
  kernel?: boolean;
}

export function iconButton(name: string, sign: IconName, className = ""): HTMLButtonElement {
  const made = button(`jor-tool ${className}`.trim(), name, icon(sign));
  made.title = name;
  return made;
}

export class Toolbar {
  readonly root = element("div", "jor-tools");
  readonly #buttons: HTMLButtonElement[] = [];

  constructor(name: string, tools: readonly Tool[], signal: AbortSignal) {
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", name);
    for (const tool of tools) {
      const made = iconButton(tool.name, tool.icon, tool.kernel ? "jor-kernel" : "");
      made.tabIndex = this.#buttons.length ? -1 : 0;
      made.addEventListener("click", () => void this.#run(tool, made), { signal });
      this.#buttons.push(made);
    }
    this.root.append(...this.#buttons);
    this.root.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.root.addEventListener("focusin", ({ target }) => this.#at(target), { signal });
  }

  async #run(tool: Tool, pressed: HTMLButtonElement): Promise<void> {
    if ((await tool.run(pressed)) !== true) return;
    pressed.replaceChildren(icon("done"));
    setTimeout(() => pressed.replaceChildren(icon(tool.icon)), SHOWN);
  }

  #at(target: EventTarget | null): void {
    if (!this.#buttons.includes(target as HTMLButtonElement)) return;
    for (const one of this.#buttons) one.tabIndex = one === target ? 0 : -1;
  }

  #onKey(event: KeyboardEvent): void {
    const shown = this.#buttons.filter((one) => getComputedStyle(one).display !== "none");
    const at = shown.indexOf(event.target as HTMLButtonElement);
    const last = shown.length - 1;
    const rtl = getComputedStyle(this.root).direction === "rtl";
    const steps: Record<string, number> = { ArrowLeft: rtl ? at + 1 : at - 1, ArrowRight: rtl ? at - 1 : at + 1, Home: 0, End: last };
    const next = steps[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    shown[(next + shown.length) % shown.length]?.focus();
  }
}
