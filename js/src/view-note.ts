/** A line beside what was pressed that says how a request comes along: not heard yet, or refused and why. */
import type { Request } from "./requests";
import { element, setText, show } from "./view-element";
import { visible } from "./visible";

/** After how long, in milliseconds, a request that was not answered is said to wait. */
const SLOW = 3000;
const WAITS = "The kernel has not heard this yet; it may be busy with a cell.";

export class Note {
  readonly root = element("p", "jor-note");
  #pending = false;

  constructor() {
    this.root.setAttribute("role", "status");
    show(this.root, false);
  }

  /** Sends a request, unless one is on its way; true when the kernel took it. */
  async attempt(send: (request: Request) => Promise<string | null>, request: Request): Promise<boolean> {
    if (this.#pending) return false;
    this.#pending = true;
    const slow = setTimeout(() => this.say(WAITS), SLOW);
    const refused = await send(request);
    clearTimeout(slow);
    this.#pending = false;
    this.say(refused === null ? "" : `Not done: ${refused}`);
    return refused === null;
  }

  say(text: string): void {
    setText(this.root, visible(text));
    show(this.root, text !== "");
  }
}
