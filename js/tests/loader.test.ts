/** The loader as it is built: one fetch of the core for a page, nothing lost before it comes, no listener left. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { mock, test } from "node:test";
import { FakeHost, frame } from "./page";

interface Loader {
  initialize(given: object): () => void;
  render(given: object): () => void;
}

let made = 0;

/** A fresh copy of the loader, as anywidget imports one for each widget. */
async function loader(): Promise<Loader> {
  made += 1;
  const url = `data:text/javascript;base64,${Buffer.from(`${LOADER_TEXT}//${made}`).toString("base64")}`;
  return (await import(url)).default;
}

// Node imports no blob: URLs: here a blob keeps its text, and its URL is a data: URL.
const RealResponse = globalThis.Response;
let revoked = 0;
Object.assign(globalThis, {
  Response: class {
    readonly #stream: ReadableStream;
    constructor(stream: ReadableStream) {
      this.#stream = stream;
    }
    async blob() {
      return { code: await new RealResponse(this.#stream).text() };
    }
  },
});
URL.createObjectURL = (blob: unknown) => `data:text/javascript;base64,${Buffer.from((blob as { code: string }).code).toString("base64")}`;
URL.revokeObjectURL = () => void revoked++;

const CORE = gzipSync(CORE_TEXT);
const bytes = (): DataView => new DataView(new Uint8Array(CORE).buffer);
let ids = 0;

function traits(more: object = {}): Record<string, unknown> {
  ids += 1;
  return { _kind: "answer", _core_id: `core-${ids}`, _core_gz: null, state: "streaming", message: "", reasoning: "", model: "m", error: null, interruptible: false, ...more };
}

async function open(host: FakeHost): Promise<{ el: HTMLElement; end: () => void; view: AbortController; again: () => HTMLElement }> {
  const widget = await loader();
  const life = new AbortController();
  const close = widget.initialize({ model: host.proxy(), signal: life.signal });
  const view = new AbortController();
  const el = document.body.appendChild(document.createElement("div"));
  widget.render({ model: host.proxy(), el, signal: view.signal });
  const again = () => {
    const other = document.body.appendChild(document.createElement("div"));
    widget.render({ model: host.proxy(), el: other, signal: life.signal });
    return other;
  };
  return { el, view, again, end: () => (view.abort(), life.abort(), close()) };
}

const delta = (offset: number, text: string) => ({ type: "delta", answer: 1, offset, text, reasoning_offset: 0, reasoning: "", tokens: 1, seconds: 1 });
const settle = async () => {
  for (let at = 0; at < 12; at++) await frame();
};

test("the loader is below 2 kB and the core below 60 kB compressed, both in ASCII", () => {
  assert.ok(LOADER_TEXT.length < 2000, `${LOADER_TEXT.length} bytes`);
  assert.ok(gzipSync(CORE_TEXT, { level: 9 }).length < 60_000);
  assert.match(LOADER_TEXT + CORE_TEXT, /^[\n\t\x20-\x7e]*$/);
  assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(LOADER_TEXT + CORE_TEXT));
});

test("thirty widgets mounted at once fetch the core once", async () => {
  const shared = traits();
  const hosts = Array.from({ length: 30 }, () => new FakeHost({ ...shared, message: "**x**" }));
  const opened = await Promise.all(hosts.map(open));
  const asked = hosts.filter((host) => host.sent.some((sent) => sent.type === "part"));
  assert.equal(asked.length, 1);
  assert.ok(opened.every(({ el }) => el.textContent === "**x**Stop"), "plain text until the core is there");
  asked[0]?.message({ type: "part", part: "core", id: shared._core_id }, [bytes()]);
  await settle();
  assert.ok(opened.every(({ el }) => el.querySelector("strong")?.textContent === "x"));
  assert.ok(revoked > 0);
  for (const { end } of opened) end();
  assert.ok(hosts.every((host) => host.listeners.length === 0), "every listener is taken back");
  assert.ok(opened.every(({ el }) => el.childNodes.length === 0));
});

test("text that comes before the core is shown plainly, and is all there afterwards", async () => {
  const host = new FakeHost(traits({ message: "so " }));
  const { el, end } = await open(host);
  host.message(delta(3, "**far**"));
  assert.equal(el.firstChild?.firstChild?.textContent, "so **far**");
  host.message(delta(10, " and on"));
  host.message({ type: "part", part: "core", id: host.traits._core_id }, [bytes()]);
  host.message(delta(17, "."));
  await settle();
  assert.equal(el.querySelector(".jor-text")?.textContent, "so far and on.");
  host.message(delta(18, " End"));
  await settle();
  assert.equal(el.querySelector(".jor-text")?.textContent, "so far and on. End");
  end();
});

test("the core in a trait is used without asking", async () => {
  const host = new FakeHost(traits({ _core_gz: bytes(), message: "*x*" }));
  const { el, end } = await open(host);
  await settle();
  assert.equal(el.querySelector("em")?.textContent, "x");
  assert.deepEqual(host.sent, []);
  end();
});

test("a request for the core that was lost is sent again, ever more rarely, and an answer is heard at any time", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const host = new FakeHost(traits());
  const { el, end } = await open(host);
  const asked = () => host.sent.filter((sent) => sent.type === "part").length;
  assert.equal(asked(), 1);
  mock.timers.tick(1500);
  assert.equal(asked(), 2);
  mock.timers.tick(3000);
  assert.equal(asked(), 3);
  for (let at = 0; at < 100; at++) mock.timers.tick(10_000);
  assert.ok(asked() < 12, `${asked()} requests`);
  mock.timers.reset();
  host.message({ type: "part", part: "core", id: "another" }, [new DataView(new ArrayBuffer(3))]);
  host.message({ type: "part", part: "core", id: host.traits._core_id }, [bytes()]);
  await settle();
  assert.ok(el.querySelector(".jor-live"));
  end();
});

test("Stop works before the core has come, and interrupts only our own waiting cell", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (const interruptible of [true, false]) {
    const host = new FakeHost(traits({ interruptible }));
    let interrupts = 0;
    host.kernel.interrupt = () => void interrupts++;
    const { el, end } = await open(host);
    const stop = el.querySelector("button");
    stop?.click();
    assert.equal(host.sent.at(-1)?.type, "stop");
    mock.timers.tick(300);
    assert.equal(interrupts, interruptible ? 1 : 0);
    stop?.click();
    host.message({ type: "ack", id: host.sent.at(-1)?.id });
    mock.timers.tick(300);
    assert.equal(interrupts, interruptible ? 1 : 0, "not after an ack");
    host.set({ state: "stopped" });
    assert.equal(stop?.hidden, true);
    end();
    assert.equal(host.listeners.length, 0);
  }
  mock.timers.reset();
});

test("views come and go, several at once, each whole from the state alone", async () => {
  const host = new FakeHost(traits({ _core_gz: bytes() }));
  const { el, view, again, end } = await open(host);
  host.message(delta(0, "one **two**"));
  await settle();
  const second = again();
  await settle();
  assert.equal(second.querySelector("strong")?.textContent, "two");
  view.abort();
  host.message(delta(11, " three"));
  await settle();
  assert.equal(el.childNodes.length, 0);
  assert.equal(second.querySelector(".jor-text")?.textContent, "one two three");
  const third = again();
  await settle();
  assert.equal(third.querySelector(".jor-text")?.innerHTML, second.querySelector(".jor-text")?.innerHTML);
  end();
});
