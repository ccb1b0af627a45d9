/** Says, once the kernel is gone, what is left of a chat and how it can go on. */
import type { TurnActions } from "./turn-actions";
import { copyText } from "./view-clipboard";
import { button, element, setText, show } from "./view-element";
import { cellButton } from "./view-remedy";
import { visible } from "./visible";

/** The lines of Python that open a saved chat again. */
export function loadLines(saved: string): string {
  return `from jupyter_openrouter import ChatWidget\nChatWidget.load(${JSON.stringify(saved)})`;
}

export class GoneView {
  readonly root = element("section", "jor-gone-note");
  readonly #actions: TurnActions;
  #saved: string | null = null;

  constructor(actions: TurnActions) {
    this.#actions = actions;
    this.root.setAttribute("role", "status");
    show(this.root, false);
  }

  /** `saved` is the file that the conversation was last saved to, or "". */
  take(gone: boolean, saved: string): void {
    if (!gone || this.#saved === saved) return;
    this.#saved = saved;
    this.root.replaceChildren(element("p", "jor-gone-head", "The kernel is gone. What is shown here stays."), ...(saved ? this.#load(saved) : [this.#anew()]));
    show(this.root, true);
  }

  #anew(): HTMLElement {
    return element("p", "jor-gone-way", "Run the cell again for a new chat; the notebook file holds the transcript.");
  }

  #load(saved: string): HTMLElement[] {
    const lines = loadLines(saved);
    const way = element("p", "jor-gone-way", "It was saved as ", element("code", "", visible(saved)), ". To go on with it:");
    const copy = button("jor-button", "copy the line that loads the chat", "Copy");
    copy.addEventListener("click", async () => {
      const done = await copyText(lines);
      setText(copy, done ? "Copied" : "Not copied");
      this.#actions.say(done ? "copied" : "not copied");
    });
    const tools = [...(this.#actions.hasCells() ? [cellButton(this.#actions, lines)] : []), copy];
    return [way, element("div", "jor-remedy", element("code", "jor-line", visible(lines.split("\n")[1] ?? "")), ...tools)];
  }
}
