/** A chat on a page for tests: its host, what it has sent, and what is on screen. */
import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { close, hear, render, type Entry } from "../src/core";
import { FakeHost, frame } from "./page";
import "./chat-part";

const CHAT = { _core_id: "c", _kind: "chat", state: "idle", message: "", reasoning: "", model: "openai/gpt-4", error: null, interruptible: false, messages: [], version: 0, asking: "", finish_reason: "", usage: null };

export type Sent = Record<string, unknown> & { id: string; type: string };

export const question = (id: string, content = `Question ${id}?`, more: object = {}) => ({ id, role: "user", content, ...more });
export const answer = (id: string, content = `Answer ${id}.`, more: object = {}) => ({ id, role: "assistant", content, state: "done", model: "m/x", ...more });
export const delta = (offset: number, text: string, more: object = {}) => ({ type: "delta", answer: 1, offset, text, reasoning_offset: 0, reasoning: "", extras_sent: 0, tokens: 12, seconds: 1.5, reasoning_seconds: null, ...more });

/** The clipboard of the page. */
export const clipboard = { text: "", works: true };
const writeText = async (text: string) => {
  if (!clipboard.works) throw new Error("no clipboard here");
  clipboard.text = text;
};
Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText } }, configurable: true, writable: true });

const open = new Set<ChatPage>();

// A test that fails leaves its chat open, which would wait for its kernel.
afterEach(() => open.forEach((page) => page.end()));

export class ChatPage {
  readonly host: FakeHost;
  readonly life = new AbortController();
  readonly #entry: Entry;
  el: HTMLElement;

  /** `manager` is what a host offers beside the kernel. */
  constructor(traits: object, place: HTMLElement = document.body, manager: object = {}) {
    this.host = new FakeHost({ ...CHAT, ...traits });
    this.host.manager = manager;
    open.add(this);
    this.#entry = { model: this.host.proxy(), queue: [] };
    this.el = this.view(place);
    const model = this.host.proxy() as { on(name: string, callback: (message: never) => void): void };
    model.on("msg:custom", (message) => hear(this.#entry, message));
  }

  /** One more view of the same chat. */
  view(place: HTMLElement = document.body, signal: AbortSignal = this.life.signal): HTMLElement {
    const el = place.appendChild(document.createElement("div"));
    render(this.#entry, el, signal);
    return el;
  }

  end(): void {
    open.delete(this);
    this.life.abort();
    close(this.#entry);
    this.el.remove();
  }

  find<T extends HTMLElement = HTMLElement>(name: string, at = 0): T {
    const found = this.el.querySelectorAll<T>(name)[at];
    assert.ok(found, `${name} is in the view`);
    return found;
  }

  all(name: string): HTMLElement[] {
    return Array.from(this.el.querySelectorAll<HTMLElement>(name));
  }

  /** The button of this name in `within`. */
  button(name: string, within: ParentNode = this.el): HTMLButtonElement {
    const found = Array.from(within.querySelectorAll("button")).find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
    assert.ok(found, `there is a button "${name}"`);
    return found;
  }

  /** What stands in the list, a line for each turn. */
  texts(): string[] {
    return this.all(".jor-turn").map((turn) => (turn.querySelector(".jor-question-text") ?? turn.querySelector(".jor-text"))?.textContent ?? "");
  }

  sent(type: string): Sent[] {
    return this.host.sent.filter((message) => message.type === type) as Sent[];
  }

  last(): Sent {
    return this.host.sent.at(-1) as Sent;
  }

  acknowledge(): void {
    this.host.message({ type: "ack", id: this.last().id });
  }

  turns(version: number, from: number, ...turns: object[]): void {
    this.host.message({ type: "turns", version, from, turns });
  }
}

export function key(name: string, more: object = {}): KeyboardEvent {
  return new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
}

/** Waits until something holds, drawing on; the bound is generous, as the machine may be slow. */
export async function until(holds: () => boolean, what = "it"): Promise<void> {
  for (let at = 0; at < 200 && !holds(); at++) await frame();
  assert.ok(holds(), `${what} came true`);
}
