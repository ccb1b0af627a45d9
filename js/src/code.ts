/** Builds a code block in chunks of lines, so that a long one is appended to and never laid out as a whole. */
import { button, element } from "./view-element";
import { visible } from "./visible";

const LINES_IN_CHUNK = 50;

/** The language label of a fence: its first word, reduced to harmless characters. */
export function languageOf(info: string): string {
  return (/^\s*([\w+#.-]{1,32})/.exec(info)?.[1] ?? "").toLowerCase();
}

/** One code block that grows by whole lines, with at most one unfinished line after them. */
export class CodeBlock {
  readonly root: HTMLElement;
  readonly #code = element("code");
  readonly #label = element("span", "jor-code-language");
  #chunk: Text | null = null;
  #lines = 0;
  #rest: Text | null = null;

  constructor(info: string) {
    const bar = element("div", "jor-code-bar", this.#label, button("jor-copy", "copy the code", "copy"));
    this.root = element("div", "jor-code", bar, element("pre", "", this.#code));
    this.root.dir = "ltr";
    this.language(info);
  }

  language(info: string): void {
    this.#label.textContent = languageOf(info);
  }

  /** Appends whole lines, each ended by a newline. */
  append(text: string): void {
    this.rest("");
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
  }

  /** Shows, or takes away, the unfinished line at the end. */
  rest(text: string): void {
    const shown = visible(text);
    if (!shown) {
      this.#rest?.parentElement?.remove();
      this.#rest = null;
    } else if (!this.#rest) {
      this.#rest = document.createTextNode(shown);
      this.#code.append(element("span", "jor-chunk", this.#rest));
    } else if (shown.startsWith(this.#rest.data)) this.#rest.appendData(shown.slice(this.#rest.data.length));
    else this.#rest.data = shown;
  }

  /** Says that no more lines come. */
  close(): void {
    this.rest("");
  }

  #place(): Text {
    if (!this.#chunk) {
      this.#chunk = document.createTextNode("");
      this.#code.append(element("span", "jor-chunk", this.#chunk));
    }
    return this.#chunk;
  }
}

export function codeNode(content: string, info: string): HTMLElement {
  const block = new CodeBlock(info);
  block.append(content);
  block.close();
  return block.root;
}
