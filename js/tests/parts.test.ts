/** The lazy parts: each is asked for once, through a widget whose kernel hears, and again when nothing came. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { arrived, askAgain, offer, part, takePart } from "../src/parts";
import { close, hear, render, type Entry } from "../src/core";
import { FakeHost } from "./page";

type Shelf = { take(bytes: unknown): void; ready: Promise<unknown>; now?: unknown };
const world = globalThis as unknown as Record<symbol, Shelf | undefined>;
const key = (name: string) => Symbol.for(`jupyter_openrouter/${name}/test-${name}`);

/** An empty place for a part, filled by hand instead of by a blob, which Node cannot import. */
function shelve(name: string): { come(module: object): Promise<void>; taken: unknown[] } {
  let resolve!: (module: unknown) => void;
  const taken: unknown[] = [];
  const made: Shelf = { take: (bytes) => void taken.push(bytes), ready: new Promise((done) => (resolve = done)) };
  world[key(name)] = made;
  const come = async (module: object) => {
    made.now = { default: module };
    resolve(made.now);
    await made.ready;
    await Promise.resolve();
  };
  return { come, taken };
}

function asker(hears = true): { asked: string[]; hearing: boolean; leave: () => void } {
  const made = { asked: [] as string[], hearing: hears, leave: () => undefined as void };
  made.leave = offer({ ask: (name) => void made.asked.push(name), hears: () => made.hearing });
  return made;
}

test("a part is asked for once, and everyone who waits is told once", async () => {
  const place = shelve("math");
  const [one, other] = [asker(), asker()];
  let told = 0;
  const tell = () => void told++;
  assert.equal(part("math", tell), null);
  assert.equal(part("math", tell), null);
  assert.equal(part("math", () => void told++), null);
  askAgain();
  assert.deepEqual([...one.asked, ...other.asked], ["math"]);
  const module = { typeset() {} };
  await place.come(module);
  assert.equal(told, 2);
  assert.equal(part("math", tell), module);
  assert.equal(arrived("math"), module);
  one.leave();
  other.leave();
});

test("an unanswered request is made again through another widget, ever more rarely, and ends with the last one", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shelve("colours");
  const [one, other] = [asker(), asker()];
  part("colours", () => undefined);
  mock.timers.tick(4_999);
  assert.deepEqual([one.asked.length, other.asked.length], [1, 0]);
  mock.timers.tick(1);
  assert.deepEqual([one.asked.length, other.asked.length], [1, 1]);
  mock.timers.tick(20_000);
  assert.deepEqual([one.asked.length, other.asked.length], [2, 1]);
  for (let at = 0; at < 9; at++) mock.timers.tick(80_000);
  assert.deepEqual([one.asked.length, other.asked.length], [2, 2]);
  askAgain();
  assert.equal(one.asked.length, 3, "a view that opens tries again");
  one.leave();
  other.leave();
  mock.timers.tick(10_000_000);
  assert.equal(one.asked.length + other.asked.length, 5, "nobody is left to ask");
  mock.timers.reset();
});

test("a kernel that is deaf is not asked before it hears again", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shelve("languages");
  const deaf = asker(false);
  part("languages", () => undefined);
  mock.timers.tick(1_000_000);
  assert.equal(deaf.asked.length, 0);
  deaf.hearing = true;
  askAgain();
  assert.equal(deaf.asked.filter((name) => name === "languages").length, 1);
  deaf.leave();
  mock.timers.reset();
});

test("bytes of another version, of no part, or of none at all are ignored", () => {
  const place = shelve("math");
  const bytes = new Uint8Array([1]);
  takePart("math", "another", bytes);
  takePart("core", "test-core", bytes);
  takePart("__proto__", undefined, bytes);
  takePart(null, "test-math", bytes);
  takePart("math", "test-math", undefined);
  assert.deepEqual(place.taken, []);
  takePart("math", "test-math", bytes);
  assert.deepEqual(place.taken, [bytes]);
});

const TRAITS = { _core_id: "c", _kind: "answer", state: "streaming", message: "", reasoning: "", model: "m", error: null, interruptible: true };

test("a live answer on a deaf kernel asks when its cell has ended, one on another kernel at once", () => {
  for (const [gzip, before] of [[new DataView(new ArrayBuffer(1)), 0], [null, 1]] as const) {
    shelve("math");
    const host = new FakeHost({ ...TRAITS, _core_gz: gzip });
    const entry: Entry = { model: host.proxy(), queue: [] };
    const life = new AbortController();
    render(entry, document.createElement("div"), life.signal);
    mock.timers.enable({ apis: ["setTimeout"] });
    part("math", () => undefined);
    askAgain();
    assert.equal(host.sent.filter(({ part }) => part === "math").length, before);
    host.set({ state: "done" });
    hear(entry, { type: "ack", id: "x" });
    assert.equal(host.sent.filter(({ part }) => part === "math").length, 1);
    life.abort();
    close(entry);
    assert.equal(host.listeners.length, 0);
    mock.timers.tick(1_000_000);
    mock.timers.reset();
  }
});
