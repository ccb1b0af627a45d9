/** Runs in a browser, for tests/test_hostile_lab.py: every payload through the built core, whole and a character at a time. */
import { PAYLOADS } from "./payloads";

type Core = typeof import("../src/core");
type Work = (now: number) => void;

/** Frames that run when they are told to, so that each character is drawn without waiting for the screen. */
const waiting: Work[] = [];
const frames = globalThis.requestAnimationFrame;

function draw(): void {
  for (let most = 50; waiting.length && most > 0; most--) for (const work of waiting.splice(0)) work(performance.now());
}

/** A model as anywidget gives it; `settle` says that its answer has ended. */
function model(text: string) {
  const traits: Record<string, unknown> = { _kind: "answer", _core_id: "", state: "streaming", message: "", reasoning: "", model: "evil/one", error: null };
  const listeners: { name: string; callback: (source: unknown) => void }[] = [];
  const made = {
    get: (name: string) => traits[name],
    send: () => undefined,
    on: (name: string, callback: (source: unknown) => void) => void listeners.push({ name, callback }),
    off: () => undefined,
  };
  const settle = () => {
    Object.assign(traits, { state: "done", message: text, reasoning: text });
    for (const { name, callback } of listeners) if (/^change:(state|message|reasoning)$/.test(name)) callback(made);
  };
  return { made, settle };
}

async function show(core: Core, text: string, step: number, parent: HTMLElement): Promise<void> {
  const host = parent.appendChild(document.createElement("div"));
  const { made, settle } = model(text);
  const entry = { model: made as never, queue: [] };
  core.render(entry, host, new AbortController().signal);
  for (let at = 0; at < text.length; at += step) {
    const piece = text.slice(at, at + step);
    core.hear(entry, { type: "delta", answer: 1, offset: at, text: piece, reasoning_offset: at, reasoning: piece, extras_sent: 0, reasoning_seconds: null, tokens: at, seconds: 1 });
    draw();
  }
  settle();
  await Promise.resolve();
  draw();
}

/** What the built core makes of every payload; the number of answers in the page. */
export async function live(core: Core): Promise<number> {
  globalThis.requestAnimationFrame = (work) => waiting.push(work);
  for (const text of Object.values(PAYLOADS)) {
    await show(core, text, text.length || 1, document.body);
    await show(core, text, 1, document.body);
  }
  globalThis.requestAnimationFrame = frames;
  return document.querySelectorAll(".jor-answer").length;
}

/** The control: a view that trusts what it is given; of payloads that do not leave the page, which would end the test. */
export async function raw(): Promise<number> {
  for (const [name, text] of Object.entries(PAYLOADS)) {
    if (!/^(events|exfiltration|commands|saved: (img|svg|image-html|style|command))/.test(name)) continue;
    const host = document.body.appendChild(document.createElement("div"));
    try {
      host.innerHTML = text;
    } catch {
      // A page with trusted types refuses, and says so in its own way.
    }
  }
  return document.body.childElementCount;
}

/** Does what a reader does, but for the two buttons that are there to load and to copy: looks at all of it, opens, clicks. */
export async function use(): Promise<void> {
  for (const node of document.querySelectorAll("details")) node.open = true;
  for (let at = 0; at < document.documentElement.scrollHeight; at += 4000) {
    scrollTo(0, at);
    await new Promise((resolve) => frames(resolve));
  }
  document.addEventListener("click", (event) => (event.target as Element).closest("a") && event.preventDefault());
  for (const node of document.querySelectorAll<HTMLElement>(".jor-text *, body > div > *")) {
    if (!node.matches("button") && typeof node.click === "function") node.click();
    node.dispatchEvent(new MouseEvent("pointerover", { bubbles: true }));
  }
}
