/** A page for tests: jsdom's globals, a model as anywidget gives it, and Markdown fed in pieces. */
import { JSDOM } from "jsdom";
import { GrowingMarkdown } from "../src/markdown";

const { window } = new JSDOM("<!doctype html><body></body>", { url: "http://localhost/", pretendToBeVisual: true });
for (const name of ["document", "Node", "Element", "HTMLElement", "ShadowRoot", "Text", "getSelection", "getComputedStyle", "requestAnimationFrame", "cancelAnimationFrame", "Event", "MouseEvent", "KeyboardEvent", "AbortController", "AbortSignal", "MutationObserver", "sessionStorage"]) {
  Object.defineProperty(globalThis, name, { value: (window as never)[name], configurable: true, writable: true });
}
for (const name of ["addEventListener", "removeEventListener"] as const) {
  Object.defineProperty(globalThis, name, { value: window[name].bind(window), configurable: true, writable: true });
}
HTMLElement.prototype.scrollIntoView = () => undefined;

/** The next draw: growing answers are drawn every second frame. */
export function frame(): Promise<void> {
  return new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => setTimeout(resolve, 1)), 34));
}

/** A clock that stands still: no parse counts as slow, so every piece is parsed. */
const still = () => 0;

/** Feeds pieces one by one; `atEach` sees the page after each. */
export function feed(pieces: Iterable<string>, atEach?: (root: HTMLElement) => void): HTMLElement {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: still });
  for (const piece of pieces) {
    markdown.append(piece);
    markdown.update();
    atEach?.(root);
  }
  markdown.finish();
  while (markdown.update());
  return root;
}

/** The same text in one piece. */
export function whole(text: string): HTMLElement {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: still });
  markdown.append(text);
  markdown.finish();
  while (markdown.update());
  return root;
}

export function html(root: HTMLElement): string {
  root.normalize();
  // The order of attributes says nothing.
  for (const node of root.querySelectorAll("[role][dir]")) {
    const dir = node.getAttribute("dir") as string;
    node.removeAttribute("dir");
    node.setAttribute("dir", dir);
  }
  return root.innerHTML;
}

/** The same numbers in every run. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function pieces(text: string, next: () => number, longest: number): string[] {
  const cut: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * longest);
    cut.push(text.slice(at, at + size));
    at += size;
  }
  return cut;
}

type Callback = (...args: unknown[]) => void;

/** The side of the host: sets traits, sends messages, and records what the widget sends. */
export class FakeHost {
  readonly sent: Record<string, unknown>[] = [];
  readonly listeners: { name: string; callback: Callback }[] = [];
  traits: Record<string, unknown>;
  kernel: Record<string, unknown> = {};
  /** What the host's widget manager has besides. */
  manager: object = {};
  readonly model_id = "model-1";

  constructor(traits: Record<string, unknown>) {
    this.traits = traits;
  }

  /** Another proxy at every call, as anywidget gives them. */
  proxy() {
    return {
      get: (name: string) => this.traits[name],
      send: (content: Record<string, unknown>) => void this.sent.push(content),
      on: (name: string, callback: Callback) => void this.listeners.push({ name, callback }),
      off: (name: string, callback: Callback) => {
        const at = this.listeners.findIndex((known) => known.name === name && known.callback === callback);
        if (at >= 0) this.listeners.splice(at, 1);
      },
      widget_manager: { kernel: this.kernel, ...this.manager },
      model_id: this.model_id,
    } as never;
  }

  set(traits: Record<string, unknown>): void {
    Object.assign(this.traits, traits);
    for (const name of Object.keys(traits)) this.#fire(`change:${name}`, this, traits[name]);
  }

  message(content: Record<string, unknown>, buffers: unknown[] = []): void {
    this.#fire("msg:custom", content, buffers);
  }

  #fire(name: string, ...args: unknown[]): void {
    for (const known of [...this.listeners]) if (known.name === name) known.callback(...args);
  }
}
