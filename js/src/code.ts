/** Builds a code block in chunks of lines, so that a long one is appended to and never laid out or read as a whole. */
import { Colouring } from "./colours";
import { whenNear } from "./near";
import { scrollByKeyboard } from "./scrollable";
import { button, element } from "./view-element";
import { visible } from "./visible";

const LINES_IN_CHUNK = 50;

const blocks = new WeakMap<Element, CodeBlock>();

/** The code of the block with this root as it came, without the last newline; what is on screen has no control characters. */
export function sourceOf(root: Element): string {
  return (blocks.get(root)?.source ?? "").replace(/\n$/, "");
}

/** The language label of a fence: its first word, reduced to harmless characters. */
export function languageOf(info: string): string {
  return (/^\s*([\w+#.-]{1,32})/.exec(info)?.[1] ?? "").toLowerCase();
}

/** One code block that grows by whole lines, with at most one unfinished line after them. */
export class CodeBlock {
  readonly root: HTMLElement;
  readonly #code = element("code");
  readonly #pre = element("pre", "", this.#code);
  readonly #label = element("span", "jor-code-language");
  readonly #copy = button("jor-copy", "copy the code", "copy");
  readonly #colouring = new Colouring();
  #whole = "";
  #unfinished = "";
  #chunk: Text | null = null;
  #lines = 0;
  #near = false;
  #rest: Text | null = null;

  constructor(info: string) {
    const bar = element("div", "jor-code-bar", this.#label, this.#copy);
    this.root = element("div", "jor-code", bar, this.#pre);
    this.root.dir = "ltr";
    blocks.set(this.root, this);
    this.language(info);
    whenNear(this.#pre, (near) => {
      this.#near = near;
      if (near) scrollByKeyboard(this.#pre);
    });
  }

  /** What has come, control characters included. */
  get source(): string {
    return this.#whole + this.#unfinished;
  }

  language(info: string): void {
    const language = languageOf(info);
    this.#label.textContent = language;
    this.#copy.setAttribute("aria-label", language ? `copy the ${language} code` : "copy the code");
    this.#colouring.as(language);
  }

  /** Appends whole lines, each ended by a newline. */
  append(text: string): void {
    this.rest("");
    if (!text) return;
    this.#whole += text;
    let from = 0;
    while (from < text.length) {
      let to = from;
      let taken = 0;
      for (; taken < LINES_IN_CHUNK - this.#lines && to < text.length; taken++) {
        const end = text.indexOf("\n", to);
        to = end < 0 ? text.length : end + 1;
      }
      this.#place().appendData(visible(text.slice(from, to)));
      this.#lines = (this.#lines + taken) % LINES_IN_CHUNK;
      if (this.#lines === 0) this.#chunk = null;
      from = to;
    }
    this.#colouring.grew();
  }

  /** Shows, or takes away, the unfinished line at the end. */
  rest(text: string): void {
    const shown = visible(text);
    this.#unfinished = text;
    if (!shown) {
      this.#rest?.parentElement?.remove();
      this.#rest = null;
    } else if (!this.#rest) {
      this.#rest = document.createTextNode(shown);
      this.#code.append(element("span", "jor-chunk", this.#rest));
    } else if (shown.startsWith(this.#rest.data)) this.#rest.appendData(shown.slice(this.#rest.data.length));
    else this.#rest.data = shown;
  }

  /** Says that no more comes: the fence is closed, or the answer has ended. */
  close(): void {
    this.rest("");
    this.#colouring.close();
    // Elsewhere its width would be worked out for nobody: that is done when it comes near.
    if (this.#near) scrollByKeyboard(this.#pre);
  }

  #place(): Text {
    if (!this.#chunk) {
      this.#chunk = document.createTextNode("");
      const chunk = element("span", "jor-chunk", this.#chunk);
      this.#code.append(chunk);
      this.#colouring.add(this.#chunk, chunk);
    }
    return this.#chunk;
  }
}
