/** The transcript: what traits and messages leave on screen, whatever is lost, repeated or late. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { FromKernel } from "../src/protocol";
import { fromTraits, NO_TRAITS, receive, type ShownTraits, type Transcript, withTraits } from "../src/transcript";
import { pieces, random } from "./page";

const protocol = JSON.parse(readFileSync(join(JS_FOLDER, "..", "tests", "protocol.json"), "utf8"));
const RUNNING: ShownTraits = { ...NO_TRAITS, state: "streaming" };

function delta(answer: number, offset: number, text: string, more: object = {}): FromKernel {
  return { type: "delta", answer, offset, text, reasoning_offset: 0, reasoning: "", extras_sent: 0, tokens: 1, seconds: 1, reasoning_seconds: null, ...more };
}

function snapshot(answer: number, text: string, reasoning = ""): FromKernel {
  return { type: "snapshot", answer, text, reasoning, extras: {}, tokens: 1, seconds: 1, reasoning_seconds: null };
}

/** Folds messages; returns the end and how often a snapshot was asked for. */
function fold(start: Transcript, messages: FromKernel[]): { now: Transcript; asked: number } {
  let asked = 0;
  const now = messages.reduce((before, message) => {
    const step = receive(before, message);
    if (step.resync) asked++;
    return step.now;
  }, start);
  return { now, asked };
}

for (const message of protocol.from_kernel as FromKernel[]) {
  test(`the example of ${message.type} is taken in without harm`, () => {
    for (const traits of [protocol.traits.answer, protocol.traits.chat]) {
      const { now } = receive(fromTraits({ ...NO_TRAITS, ...traits }), message);
      assert.equal(typeof now.text, "string");
    }
  });
}

test("the examples of settled turns continue the traits", () => {
  const chat = fromTraits({ ...NO_TRAITS, ...protocol.traits.chat });
  const [turns, whole] = ["turns", "conversation"].map((type) => protocol.from_kernel.find((one: FromKernel) => one.type === type));
  const { now, asked } = fold(chat, [turns]);
  assert.deepEqual([now.messages.length, now.version, now.behind, asked], [6, 5, false, 0]);
  assert.deepEqual(fold(chat, [whole]).now.messages, whole.turns);
});

test("the examples continue each other", () => {
  const { now, asked } = fold(fromTraits({ ...NO_TRAITS, ...protocol.traits.answer }), protocol.from_kernel.filter((one: FromKernel) => one.type !== "turns"));
  assert.equal(now.text, "The answer so far \u{1f600}, whole.");
  assert.equal(now.thought, "First, then");
  assert.deepEqual([asked, now.epoch], [0, 0]);
});

test("a message of an unknown type changes nothing", () => {
  const before = fromTraits(RUNNING);
  assert.deepEqual(receive(before, { type: "confetti" } as never), { now: before, resync: false });
});

test("deltas add up to the text in UTF-16 units, cut inside a pair too", () => {
  const text = "a \u{1f600} b";
  const { now, asked } = fold(fromTraits(RUNNING), [delta(1, 0, text.slice(0, 3)), delta(1, 3, text.slice(3))]);
  assert.equal(now.text, text);
  assert.equal(asked, 0);
});

test("a repeated or overlapping delta adds only what is new", () => {
  const { now, asked } = fold(fromTraits(RUNNING), [delta(1, 0, "hello"), delta(1, 0, "hello"), delta(1, 3, "lo wor"), delta(1, 9, "ld")]);
  assert.equal(now.text, "hello world");
  assert.deepEqual([asked, now.epoch], [0, 0]);
});

test("a gap asks for a snapshot once, and the snapshot fills it", () => {
  const lost = fold(fromTraits(RUNNING), [delta(1, 0, "one "), delta(1, 8, "three "), delta(1, 14, "four")]);
  assert.deepEqual([lost.now.text, lost.now.gap, lost.asked], ["one ", true, 1]);
  const filled = fold(lost.now, [snapshot(1, "one two three four"), delta(1, 18, " five")]);
  assert.deepEqual([filled.now.text, filled.now.gap, filled.now.epoch], ["one two three four five", false, 0]);
});

test("a gap in the reasoning asks too, and shows no text out of order", () => {
  const { now, asked } = fold(fromTraits(RUNNING), [delta(1, 0, "a", { reasoning_offset: 5, reasoning: "x" })]);
  assert.deepEqual([now.text, now.thought, asked], ["", "", 1]);
});

test("a delta that contradicts what is held asks for a snapshot, which then replaces it", () => {
  const { now, asked } = fold(fromTraits({ ...RUNNING, message: "abc" }), [delta(1, 1, "XYZ"), snapshot(1, "aXYZ")]);
  assert.deepEqual([now.text, asked, now.epoch], ["aXYZ", 1, 1]);
});

test("a snapshot that is older than what is held is ignored", () => {
  const { now } = fold(fromTraits(RUNNING), [delta(1, 0, "hello world"), snapshot(1, "hello")]);
  assert.deepEqual([now.text, now.epoch], ["hello world", 0]);
});

test("another answer's number starts anew; messages of an earlier answer are ignored", () => {
  const { now } = fold(fromTraits(RUNNING), [delta(1, 0, "first"), delta(2, 0, "second"), delta(1, 5, " more"), snapshot(1, "first, whole and long")]);
  assert.deepEqual([now.text, now.answer, now.epoch], ["second", 2, 1]);
});

test("a view opened while an answer runs goes on from the trait", () => {
  const { now, asked } = fold(fromTraits({ ...RUNNING, message: "so far" }), [delta(7, 3, "far, and on")]);
  assert.deepEqual([now.text, asked, now.epoch], ["so far, and on", 0, 0]);
});

test("a view opened between answers lets the old text go when a new answer starts", () => {
  const settled = fromTraits({ ...NO_TRAITS, state: "done", message: "old" });
  const { now } = fold(settled, [delta(2, 0, "old new")]);
  assert.equal(now.text, "old new");
  assert.equal(now.epoch, 1);
  const running = withTraits(settled, { ...NO_TRAITS, state: "waiting", message: "" });
  assert.equal(running.text, "");
  assert.equal(fold(running, [delta(2, 0, "new")]).now.text, "new");
});

test("deltas that come before the trait of a new answer are kept", () => {
  const { now } = fold(fromTraits(NO_TRAITS), [delta(1, 0, "early")]);
  assert.equal(withTraits(now, RUNNING).text, "early");
});

test("the text of a settled state is the trait's, and its end is never lost before the trait comes", () => {
  const { now } = fold(fromTraits(RUNNING), [delta(1, 0, "almost all")]);
  const ended = withTraits(now, { ...RUNNING, state: "stopped" });
  assert.equal(ended.text, "almost all");
  const published = withTraits(ended, { ...RUNNING, state: "stopped", message: "almost all of it" });
  assert.deepEqual([published.text, published.epoch], ["almost all of it", 0]);
});

test("clearing a chat clears its text", () => {
  const { now } = fold(fromTraits(RUNNING), [delta(1, 0, "text")]);
  assert.equal(withTraits(now, NO_TRAITS).text, "");
});

test("any loss, repetition and order of deltas ends right after one snapshot", () => {
  const text = "The quick brown \u{1f98a} jumps over the lazy \u{1f436}. ".repeat(8);
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    let offset = 0;
    const all = pieces(text, next, 9).map((piece) => {
      const message = delta(3, offset, piece);
      offset += piece.length;
      return message;
    });
    const lossy = all.flatMap((message) => (next() < 0.2 ? [] : next() < 0.2 ? [message, message] : [message]));
    const { now } = fold(fromTraits(RUNNING), lossy);
    assert.ok(text.startsWith(now.text), `seed ${seed}`);
    assert.equal(fold(now, [snapshot(3, text)]).now.text, text);
  }
});

const turn = (id: string, role = "user") => ({ id, role, content: id }) as const;
const CHAT: ShownTraits = { ...NO_TRAITS, state: "done", messages: [turn("q1") as never, turn("a1", "assistant") as never], version: 1 };
const turns = (version: number, from: number, ...ids: string[]): FromKernel => ({ type: "turns", version, from, turns: ids.map((id) => turn(id) as never) });
const shown = ({ messages }: Transcript) => messages.map(({ id }) => id).join(" ");

test("turns that settle are put in their place, and those before stay the same objects", () => {
  const start = fromTraits(CHAT);
  const { now, asked } = fold(start, [turns(2, 2, "q2", "a2"), turns(3, 1, "b1")]);
  assert.deepEqual([shown(now), now.version, now.behind, asked], ["q1 b1", 3, false, 0]);
  assert.equal(now.messages[0], start.messages[0]);
});

test("repeated and late turns change nothing", () => {
  const { now, asked } = fold(fromTraits(CHAT), [turns(2, 2, "q2"), turns(2, 2, "q2"), turns(1, 0), turns(2, 0)]);
  assert.deepEqual([shown(now), now.version, asked], ["q1 a1 q2", 2, 0]);
});

test("lost turns are asked for once, and the whole conversation fills the gap", () => {
  const lost = fold(fromTraits(CHAT), [turns(3, 3, "a2"), turns(4, 4, "q3")]);
  assert.deepEqual([shown(lost.now), lost.now.behind, lost.asked], ["q1 a1", true, 1]);
  const filled = receive(lost.now, { type: "conversation", version: 4, turns: ["q1", "a1", "q2", "a2", "q3"].map((id) => turn(id) as never) }).now;
  assert.deepEqual([shown(filled), filled.version, filled.behind], ["q1 a1 q2 a2 q3", 4, false]);
  assert.equal(receive(filled, { type: "conversation", version: 3, turns: [] }).now, filled, "an older one is ignored");
});

test("turns that would leave a hole are asked for anew", () => {
  const { now, asked } = fold(fromTraits(CHAT), [turns(2, 5, "q9")]);
  assert.deepEqual([shown(now), now.behind, asked], ["q1 a1", true, 1]);
});

test("the trait of the turns counts when it is newer than what messages brought, and not when it is older", () => {
  const { now } = fold(fromTraits(CHAT), [turns(2, 2, "q2")]);
  assert.equal(shown(withTraits(now, { ...CHAT, asking: "x" })), "q1 a1 q2", "not published anew");
  assert.equal(shown(withTraits(now, { ...CHAT, messages: [], version: 1 })), "q1 a1 q2", "published before");
  const set = withTraits(now, { ...CHAT, messages: [], version: 3 });
  assert.deepEqual([shown(set), set.version, set.behind], ["", 3, false]);
});

test("a version that is ahead of the turns held says that some are missing", () => {
  const ahead = withTraits(fromTraits(CHAT), { ...CHAT, version: 2 });
  assert.equal(ahead.behind, true);
  assert.deepEqual([fold(ahead, [turns(2, 2, "q2")]).now.behind, shown(fold(ahead, [turns(2, 2, "q2")]).now)], [false, "q1 a1 q2"]);
});

test("turns that the kernel told of before there was a view are not taken for those that the traits hold", () => {
  const late = fromTraits({ ...CHAT, _messages_version: 1, version: 3 });
  assert.deepEqual([late.version, late.behind], [1, true]);
  const told = fold(late, [turns(2, 2, "q2"), turns(3, 3, "a2")]).now;
  assert.deepEqual([shown(told), told.version, told.behind], ["q1 a1 q2 a2", 3, false]);
  const whole = withTraits(late, { ...CHAT, messages: [], _messages_version: 3, version: 3 });
  assert.deepEqual([shown(whole), whole.version, whole.behind], ["", 3, false]);
});

test("any loss, repetition and order of settled turns ends right after one whole conversation", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    let truth: string[] = [];
    const all: FromKernel[] = [];
    for (let version = 2; version < 12; version++) {
      const from = next() < 0.2 ? Math.floor(next() * truth.length) : truth.length;
      const added = [`q${version}`, `a${version}`];
      truth = [...truth.slice(0, from), ...added];
      all.push(turns(version, from, ...added));
    }
    const lossy = all.flatMap((message) => (next() < 0.15 ? [] : next() < 0.2 ? [message, message] : [message]));
    if (next() < 0.5 && lossy.length > 3) lossy.splice(1, 2, lossy[2] as FromKernel, lossy[1] as FromKernel);
    let now = fromTraits({ ...CHAT, messages: [] });
    for (const message of lossy) now = receive(now, message).now;
    now = withTraits(now, { ...CHAT, messages: now.given as never, version: 11 });
    if (shown(now) !== truth.join(" ")) assert.ok(now.behind, `seed ${seed}: a loss is known`);
    now = receive(now, { type: "conversation", version: 11, turns: truth.map((id) => turn(id) as never) }).now;
    assert.deepEqual([shown(now), now.behind], [truth.join(" "), false], `seed ${seed}`);
  }
});

test("the fold leaves what it was given alone", () => {
  const before = Object.freeze(fromTraits(RUNNING));
  receive(before, delta(1, 0, "x"));
  receive(before, snapshot(2, "y"));
  withTraits(before, { ...RUNNING, state: "done" });
  assert.equal(before.text, "");
});
