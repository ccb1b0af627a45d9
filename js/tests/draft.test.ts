/** What is being written is never lost: sent, refused, stopped, queued, recalled, or with files on their way. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { MOST_ATTACHED } from "../src/attachable";
import { type Awaited, BEHIND, follow, type Standing } from "../src/awaiting";
import { Draft, SLOW } from "../src/draft";
import { questions, Recall } from "../src/recall";
import { bytesOf, PNG, settle, wire } from "./desk-doubles";

const IDLE: Standing = { state: "idle", asking: "", queued: [], messages: [] };
const user = (content: string) => ({ role: "user", content }) as const;
const answer = (content: string) => ({ role: "assistant", content }) as const;
const png = (name = "a.png") => ({ file: new Blob([bytesOf(PNG, 9)], { type: "image/png" }), name });

test("a question that is sent leaves the box, and one that is refused comes back before what was typed since", async () => {
  const { all, carrier, answer: reply } = wire();
  const draft = new Draft(carrier);
  draft.write("Why? ");
  draft.send();
  assert.deepEqual([draft.text, all[0]?.request], ["", { type: "ask", text: "Why?", uploads: [] }]);
  draft.write("And how");
  reply(0, "an answer is running");
  await settle();
  assert.deepEqual([draft.text, draft.note, draft.out], ["Why?\n\nAnd how", "Not sent: an answer is running", []]);
  draft.close();
});

test("a question that no message can hold stays in the box, and says what to do", () => {
  const { all, carrier } = wire();
  const draft = new Draft(carrier);
  draft.write("\u20ac".repeat(333_334));
  draft.send();
  assert.deepEqual([all, draft.text.length], [[], 333_334]);
  assert.match(draft.note, /Attach the long part/);
});

test("what is written elsewhere is unsent as well, and goes to the box with a reason alone", () => {
  const draft = new Draft(wire().carrier);
  let words = "elsewhere";
  const [done, left] = [draft.lend(() => words), draft.lend(() => "another")];
  draft.write("a draft");
  assert.equal(draft.unsent, "elsewhere\n\nanother\n\na draft");
  done();
  words = "no more";
  left("It was closed.");
  left("It was closed again.");
  assert.deepEqual([draft.unsent, draft.text, draft.note], ["a draft\n\nanother", "a draft\n\nanother", "It was closed."]);
});

test("nothing is sent that is empty", () => {
  const { all, carrier } = wire();
  const draft = new Draft(carrier);
  draft.write(" \n ");
  draft.send();
  assert.deepEqual([all, draft.text], [[], " \n "]);
});

test("a question goes when its files are whole, in the order in which questions were sent", async () => {
  const { all, carrier, answer: reply, sent } = wire();
  const draft = new Draft(carrier);
  draft.add([png()]);
  draft.write("What is this?");
  await sent(0);
  draft.send();
  assert.deepEqual([draft.attached.length, draft.out[0]?.shows], [0, "uploading"]);
  draft.ask("second");
  await settle();
  assert.deepEqual(all.map(({ request }) => request.type), ["upload"]);
  reply(0, null);
  await sent(2);
  assert.deepEqual(all.slice(1).map(({ request }) => request.type === "ask" && [request.text, request.uploads.length]), [["What is this?", 1], ["second", 0]]);
  draft.close();
});

test("a question whose file is refused comes back with it, and is not sent", async () => {
  const { all, carrier, answer: reply, sent } = wire();
  const draft = new Draft(carrier);
  draft.add([png("sky.png")]);
  draft.write("What?");
  await sent(0);
  draft.send();
  reply(0, "this is no image");
  await settle();
  assert.deepEqual([all.length, draft.text, draft.attached.length, draft.note, draft.sendable], [1, "What?", 1, "Not sent: sky.png: this is no image.", false]);
});

test("a question whose files are still uploaded can be taken back", async () => {
  const { all, carrier, answer: reply, sent } = wire();
  const draft = new Draft(carrier);
  draft.add([png()]);
  draft.write("What?");
  await sent(0);
  draft.send();
  draft.takeBack(draft.out[0] as never);
  assert.deepEqual([draft.text, draft.attached.length, draft.out.length], ["What?", 1, 0]);
  reply(0, null);
  await settle();
  assert.deepEqual(all.length, 1);
  assert.equal(draft.attached[0]?.whole, true);
});

test("a stop before the first word puts question and files back, and the files are uploaded anew", async () => {
  const { all, carrier } = wire(true);
  const draft = new Draft(carrier);
  draft.add([png()]);
  draft.write("Why?");
  await settle();
  draft.send();
  await settle();
  const before = all.length;
  draft.take({ ...IDLE, state: "waiting", asking: "Why?" });
  assert.equal(draft.text, "");
  draft.take({ ...IDLE, state: "stopped" });
  await settle();
  assert.deepEqual([draft.text, draft.attached.length, all.slice(before).map(({ request }) => request.type)], ["Why?", 1, ["upload"]]);
  draft.close();
});

test("a question of files alone comes back with them after a stop before the first word, and not when it was answered", async () => {
  const asking_attachments = [{ kind: "image", name: "a.png", mime: "image/png", bytes: 9 }] as const;
  for (const answered of [false, true]) {
    const { all, carrier } = wire(true);
    const draft = new Draft(carrier);
    draft.add([png()]);
    await settle();
    draft.send();
    await settle();
    assert.equal(draft.attached.length, 0);
    const before = all.length;
    draft.take({ ...IDLE, state: "waiting", asking: "", asking_attachments });
    const messages = answered ? [{ ...user(""), attachments: [...asking_attachments] }, answer("It")] : [];
    draft.take({ ...IDLE, state: "stopped", asking: "", asking_attachments: [], messages });
    await settle();
    assert.deepEqual([draft.text, draft.attached.length, all.slice(before).map(({ request }) => request.type)], answered ? ["", 0, []] : ["", 1, ["upload"]]);
    draft.close();
  }
});

test("a page that is loaded again takes up the files that the kernel has, and says which were lost", async () => {
  const { all, carrier } = wire(true);
  const before = new Draft(carrier);
  before.add([png(), png("b.png")]);
  await settle();
  const [first] = before.files;
  const draft = new Draft(carrier);
  draft.takeUp("Why?", [...before.files.slice(0, 1), { id: "u-9", name: "big.pdf", kind: "file", bytes: 3e6, whole: false }]);
  assert.deepEqual([draft.text, draft.attached.map(({ name, whole, bytes }) => [name, whole, bytes]), draft.note], ["Why?", [["a.png", true, 9]], "Attach again what had not been uploaded when the page was loaded again: big.pdf."]);
  const sent = all.length;
  draft.send();
  await settle();
  assert.deepEqual(all.slice(sent).map(({ request }) => request), [{ type: "ask", text: "Why?", uploads: [first?.id] }]);
  // Its bytes are nowhere any more.
  draft.take({ ...IDLE, state: "waiting", asking: "Why?" });
  draft.take({ ...IDLE, state: "stopped" });
  assert.deepEqual([draft.text, draft.attached, draft.note], ["Why?", [], "Attach again: a.png."]);
  draft.close();
});

test("what is in the box stays when an earlier page has left something", () => {
  const draft = new Draft(wire(true).carrier);
  draft.write("new");
  draft.takeUp("old", []);
  assert.equal(draft.text, "new");
  draft.close();
});

test("a question that its turn holds does not come back, also where the turn comes late", async () => {
  const { carrier } = wire(true);
  for (const late of [false, true]) {
    const draft = new Draft(carrier);
    draft.write("Why?");
    draft.send();
    await settle();
    draft.take({ ...IDLE, state: "streaming", asking: "Why?" });
    if (late) draft.take({ ...IDLE, state: "stopped" });
    else draft.write("And");
    draft.take({ ...IDLE, state: "stopped", messages: [user("Why?"), answer("Be")] });
    assert.equal(draft.text, late ? "" : "And");
    draft.close();
  }
});

test("the same question as before comes back too, when it was stopped", async () => {
  const { carrier } = wire(true);
  const draft = new Draft(carrier);
  const messages = [user("go on"), answer("one")];
  draft.take({ ...IDLE, state: "done", messages });
  draft.write("go on");
  draft.send();
  await settle();
  draft.take({ ...IDLE, state: "waiting", asking: "go on", messages });
  draft.take({ ...IDLE, state: "stopped", messages });
  assert.equal(draft.text, "go on");
  draft.close();
});

test("a question of which nothing was ever shown comes back after a moment", () => {
  const one: Awaited<number> = { text: "Why?", files: 0, item: 1, from: 0, seen: "", since: 0 };
  const failed = { ...IDLE, state: "failed" } as const;
  assert.deepEqual(follow([one], failed, BEHIND - 1), { rest: [one], back: [] });
  assert.deepEqual(follow([one], failed, BEHIND), { rest: [], back: [one] });
});

test("a question in the queue is waited for, and forgotten when it was taken out", () => {
  const one: Awaited<number> = { text: "q", files: 0, item: 1, from: 0, seen: "", since: 0 };
  const queued = [{ id: "1", text: "q" }];
  const inQueue = follow([one], { ...IDLE, state: "stopped", queued }, 1e9);
  assert.deepEqual(inQueue.rest.map(({ seen }) => seen), ["queued"]);
  assert.deepEqual(follow(inQueue.rest, { ...IDLE, state: "stopped" }, 1e9), { rest: [], back: [] });
  const asked = follow(inQueue.rest, { ...IDLE, state: "waiting", asking: "q" }, 1e9);
  assert.deepEqual(follow(asked.rest, { ...IDLE, state: "failed" }, 1e9).back.length, 1);
  assert.deepEqual(follow(asked.rest, { ...IDLE, state: "done" }, 1e9), { rest: [], back: [] });
});

test("a kernel that does not take a question says so after a while", async () => {
  const { carrier, answer: reply } = wire();
  const draft = new Draft(carrier);
  mock.timers.enable({ apis: ["setTimeout"] });
  draft.write("Why?");
  draft.send();
  mock.timers.tick(SLOW - 1);
  assert.equal(draft.out[0]?.shows, "");
  mock.timers.tick(1);
  assert.equal(draft.out[0]?.shows, "waiting");
  mock.timers.reset();
  reply(0, null);
  await settle();
  assert.deepEqual(draft.out, []);
  draft.close();
});

test("no more files are attached than can go with one question", async () => {
  const { carrier } = wire(true);
  const draft = new Draft(carrier);
  draft.add(Array.from({ length: MOST_ATTACHED + 2 }, () => png()));
  assert.equal(draft.attached.length, MOST_ATTACHED);
  assert.match(draft.note, /At most 10/);
  await settle();
});

test("a file that is removed is discarded, and the rest stays", async () => {
  const { all, carrier } = wire(true);
  const draft = new Draft(carrier);
  draft.add([png("a.png"), png("b.png")]);
  await settle();
  draft.remove(draft.attached[0] as never);
  assert.deepEqual(draft.attached.map(({ name }) => name), ["b.png"]);
  assert.equal(all.at(-1)?.request.type, "discard");
});

test("Up goes back through earlier questions, each once, and Down to the draft again", () => {
  const recall = new Recall();
  const all = questions(["one", "two", "one"], ["three"]);
  assert.deepEqual(all, ["two", "one", "three"]);
  assert.deepEqual([recall.earlier("", all), recall.earlier("three", all), recall.earlier("one", all), recall.earlier("two", all)], ["three", "one", "two", null]);
  assert.deepEqual([recall.later("two"), recall.later("one"), recall.later("three"), recall.later("")], ["one", "three", "", null]);
});

test("what was typed is no place to recall from, and a changed question is a draft", () => {
  const recall = new Recall();
  assert.equal(recall.earlier("half a thought", ["one"]), null);
  assert.equal(recall.earlier("", ["one", "two"]), "two");
  assert.deepEqual([recall.earlier("two, changed", ["one", "two"]), recall.later("two, changed")], [null, null]);
});
