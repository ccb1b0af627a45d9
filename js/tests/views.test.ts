/** The views on a model: what a reader sees, what Stop and the composer do, and what a screen reader is told. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { close, hear, render, type Entry } from "../src/core";
import { FakeHost, frame } from "./page";
import "./chat-part";

const SHARED = { _core_id: "c", state: "idle", message: "", reasoning: "", model: "openai/gpt-4", error: null, interruptible: false };
const CHAT = { ...SHARED, _kind: "chat", messages: [], asking: "", finish_reason: "", usage: null };

function open(traits: object): { host: FakeHost; el: HTMLElement; end: () => void; find: (name: string) => HTMLElement; view: () => HTMLElement } {
  const host = new FakeHost({ ...SHARED, ...traits });
  const entry: Entry = { model: host.proxy(), queue: [] };
  const life = new AbortController();
  const view = () => {
    const el = document.body.appendChild(document.createElement("div"));
    render(entry, el, life.signal);
    return el;
  };
  const el = view();
  const model = host.proxy() as { on(name: string, callback: (message: never) => void): void };
  model.on("msg:custom", (message) => hear(entry, message));
  const find = (name: string) => {
    const found = el.querySelector<HTMLElement>(name);
    assert.ok(found, `${name} is in the view`);
    return found;
  };
  const end = () => {
    life.abort();
    close(entry);
    el.remove();
  };
  return { host, el, end, find, view };
}

const delta = (offset: number, text: string, more: object = {}) => ({ type: "delta", answer: 1, offset, text, reasoning_offset: 0, reasoning: "", tokens: 12, seconds: 1.5, ...more });
const line = (el: HTMLElement) => Array.from(el.querySelectorAll(".jor-status-line > *"), (part) => part.textContent).join(" | ");

test("a live answer goes from waiting over streaming to its end", async () => {
  const { host, el, find, end } = open({ state: "waiting" });
  await frame();
  assert.equal(line(el), "waiting for the provider");
  assert.equal(find("article").getAttribute("aria-busy"), "true");
  assert.equal(find(".jor-stop").hidden, false);
  host.message({ type: "status", answer: 1, text: "the provider is working", seconds: 2 });
  await frame();
  assert.equal(line(el), "the provider is working | 2.0 s");
  host.set({ state: "streaming" });
  host.message(delta(0, "Hello **wor"));
  await frame();
  assert.equal(line(el), "streaming | 12 tokens | 1.5 s");
  assert.equal(find(".jor-text strong").textContent, "wor");
  host.set({ state: "done" });
  await frame();
  assert.equal(line(el), "openai/gpt-4 | 12 tokens | 1.5 s");
  assert.equal(find("article").getAttribute("aria-busy"), "false");
  assert.equal(find(".jor-stop").hidden, true);
  assert.equal(find(".jor-text").textContent, "Hello **wor");
  end();
});

test("a screen reader is told of the beginning and the end, not of the text", async () => {
  const { host, el, find, end } = open({ state: "waiting" });
  await frame();
  const spoken = find("[role=status]");
  assert.equal(spoken.textContent, "answering");
  host.set({ state: "streaming" });
  host.message(delta(0, "text"));
  await frame();
  assert.equal(spoken.textContent, "answering");
  host.set({ state: "stopped" });
  await frame();
  assert.equal(spoken.textContent, "stopped");
  assert.equal(el.querySelectorAll("[aria-live]").length, 1);
  assert.ok(!find(".jor-text").closest("[aria-live]"));
  end();
});

test("reasoning is open while it runs and closed when the answer begins, once", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(delta(0, "", { reasoning: "hmm" }));
  await frame();
  const details = find("details") as HTMLDetailsElement;
  assert.equal(details.open, true);
  host.message(delta(0, "So", { reasoning_offset: 3, reasoning: "." }));
  await frame();
  assert.equal(details.open, false);
  details.open = true;
  host.message(delta(2, " it is", { reasoning_offset: 4 }));
  await frame();
  assert.equal(details.open, true, "the reader's choice stays");
  assert.equal(find(".jor-thought-text").textContent, "hmm.");
  end();
});

test("reasoning that is cut inside a surrogate pair is whole at the end", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(delta(0, "", { reasoning: "a\ud83d" }));
  await frame();
  host.message(delta(0, "", { reasoning_offset: 2, reasoning: "\ude00b" }));
  await frame();
  assert.equal(find(".jor-thought-text").textContent, "a\u{1f600}b");
  end();
});

test("an error stands in its place with what to do, and the text so far stays", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(delta(0, "Half of"));
  host.set({ state: "failed", error: { type: "Overloaded", message: "The provider is overloaded.", remedy: "Ask again." } });
  await frame();
  assert.equal(find(".jor-failure-message").textContent, "The provider is overloaded.");
  assert.equal(find(".jor-failure-remedy").textContent, "Ask again.");
  assert.equal(find(".jor-text").textContent, "Half of");
  end();
});

test("an error that says nothing is not shown", async () => {
  const { find, end } = open({ state: "done", error: {} });
  await frame();
  assert.equal(find(".jor-failure").hidden, true);
  end();
});

test("Stop is sent, shows that it stops, and interrupts when nothing answers and the cell is ours", async () => {
  for (const [interruptible, acknowledged, interrupts] of [[true, false, 1], [true, true, 0], [false, false, 0]] as const) {
    const { host, el, find, end } = open({ state: "streaming", interruptible });
    let count = 0;
    host.kernel.interrupt = () => void count++;
    await frame();
    mock.timers.enable({ apis: ["setTimeout"] });
    find(".jor-stop").click();
    const stop = host.sent.at(-1);
    assert.equal(stop?.type, "stop");
    if (acknowledged) host.message({ type: "ack", id: stop?.id });
    mock.timers.tick(299);
    assert.equal(count, 0);
    mock.timers.tick(1);
    assert.equal(count, interrupts);
    mock.timers.reset();
    await frame();
    assert.equal(line(el), "stopping\u2026");
    host.set({ state: "stopped" });
    await frame();
    assert.equal(line(el).startsWith("stopped"), true);
    end();
  }
});

test("no kernel is interrupted when the answer has ended meanwhile", async () => {
  const { host, find, end } = open({ state: "streaming", interruptible: true });
  let count = 0;
  host.kernel.interrupt = () => void count++;
  await frame();
  mock.timers.enable({ apis: ["setTimeout"] });
  find(".jor-stop").click();
  host.set({ state: "done", interruptible: false });
  mock.timers.tick(1000);
  mock.timers.reset();
  assert.equal(count, 0);
  end();
});

test("Stop takes the control channel at once where the kernel hears it", async () => {
  const { host, find, end } = open({ state: "waiting", _control: true });
  const control: [Record<string, never>, boolean, boolean][] = [];
  host.kernel.sendControlMessage = (...args: never) => void control.push(args as never);
  host.kernel.clientId = "client-1";
  host.set({ state: "streaming" });
  await frame();
  find(".jor-stop").click();
  await frame();
  assert.equal(control.length, 1);
  const [message, expectReply, dispose] = control[0] as never as [{ channel: string; header: { session: string; msg_type: string }; content: { comm_id: string; data: { method: string; content: object } } }, boolean, boolean];
  assert.deepEqual([message.channel, message.header.msg_type, message.header.session, expectReply, dispose], ["control", "comm_msg", "client-1", false, true]);
  assert.deepEqual(message.content, { comm_id: "model-1", data: { method: "custom", content: { type: "stop", id: host.sent.at(-1)?.id } } });
  end();
});

test("Esc stops while the focus is inside, and only while an answer runs", async () => {
  const { host, find, end } = open({ state: "streaming" });
  await frame();
  const escape = () => new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  find(".jor-stop").dispatchEvent(escape());
  assert.equal(host.sent.filter((sent) => sent.type === "stop").length, 1);
  host.set({ state: "done" });
  await frame();
  const late = escape();
  find(".jor-text").dispatchEvent(late);
  assert.equal(late.defaultPrevented, false);
  assert.equal(host.sent.filter((sent) => sent.type === "stop").length, 1);
  end();
});

test("a gap asks for a snapshot and shows nothing out of order", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(delta(0, "one "));
  host.message(delta(8, "three"));
  await frame();
  assert.deepEqual(host.sent, [{ type: "resync" }]);
  assert.equal(find(".jor-text").textContent, "one");
  host.message({ type: "snapshot", answer: 1, text: "one two three", reasoning: "", tokens: 1, seconds: 1 });
  await frame();
  assert.equal(find(".jor-text").textContent, "one two three");
  end();
});

test("a turn settles in place, with its footer, and no node is made anew", async () => {
  const { host, el, find, end } = open(CHAT);
  host.set({ state: "streaming", asking: "Why?" });
  host.message(delta(0, "Because **so**.\n\nAnd"));
  await frame();
  const [question, paragraph] = [find(".jor-question"), find(".jor-text p")];
  const usage = { prompt_tokens: 3, completion_tokens: 4, cost: 0.001 };
  const answer = { role: "assistant", content: "Because **so**.\n\nAnd", state: "done", model: "m/x", finish_reason: "stop", usage, seconds: 2 };
  host.set({ state: "done", asking: "", message: answer.content, messages: [{ role: "user", content: "Why?" }, answer] });
  await frame();
  assert.equal(find(".jor-question"), question);
  assert.equal(find(".jor-text p"), paragraph);
  assert.equal(el.querySelectorAll("article").length, 2);
  assert.deepEqual(Array.from(el.querySelectorAll(".jor-figures .jor-figure"), (part) => part.textContent), ["m/x", "3 \u2192 4 tokens", "$0.001", "2.0 s", "stop"]);
  end();
});

test("clearing a chat takes every turn away", async () => {
  const turns = [{ role: "user", content: "a" }, { role: "assistant", content: "b" }];
  const { host, el, end } = open({ ...CHAT, messages: turns, state: "done", message: "b" });
  await frame();
  assert.equal(el.querySelectorAll("article").length, 2);
  host.set({ messages: [], message: "", state: "idle" });
  await frame();
  assert.equal(el.querySelectorAll("article").length, 0);
  end();
});

test("text from the model and from errors has no hidden characters wherever it is shown", async () => {
  const { host, el, end } = open({ state: "streaming", model: "m\u202e" });
  host.message(delta(0, "a\u202eb", { reasoning: "c\u202ed" }));
  host.set({ state: "failed", error: { type: "E", message: "e\u202ef", remedy: "g\u0007h" } });
  await frame();
  assert.ok(!/[\u202e\u0007]/.test(el.textContent ?? ""));
  end();
});

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const extras = (sent: number, ...pieces: object[]) => ({ type: "extras", answer: 1, sent, pieces, tokens: 1, seconds: 1, reasoning_seconds: null });

test("folded reasoning says how long it took and how long it is", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(delta(0, "", { reasoning: "one two th", reasoning_seconds: 3.2 }));
  await frame();
  assert.equal(find(".jor-thought summary").textContent, "thinking\u2026 3.2 s");
  host.message(delta(0, "So", { reasoning_offset: 10, reasoning: "ree", reasoning_seconds: 12.4 }));
  await frame();
  assert.equal(find(".jor-thought summary").textContent, "thought for 12 s, 3 words");
  end();
});

test("long reasoning is many blocks, and those that are full are not touched again", async () => {
  const { host, find, end } = open({ state: "streaming" });
  const line = `${"word ".repeat(30)}\n`;
  let offset = 0;
  for (let at = 0; at < 5; at++) {
    const reasoning = line.repeat(20);
    host.message(delta(0, "", { reasoning_offset: offset, reasoning }));
    offset += reasoning.length;
    await frame();
  }
  const blocks = Array.from(find(".jor-thought-text").children);
  assert.ok(blocks.length >= 6 && blocks.every((block) => block.childNodes.length === 1));
  assert.equal(find(".jor-thought-text").textContent, line.repeat(100));
  const first = blocks[0]?.firstChild;
  host.message(delta(0, "", { reasoning_offset: offset, reasoning: line.repeat(40) }));
  await frame();
  assert.equal(find(".jor-thought-text").children[0]?.firstChild, first);
  end();
});

test("a tool call grows as it stands and is pretty when it is whole", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(extras(1, { kind: "tool_call", at: 0, name: "look_up\u202e", offset: 0, text: '{"a":[1,' }));
  await frame();
  assert.equal(find(".jor-call summary").textContent, "calling look_up\ufffd");
  assert.equal(find(".jor-arguments").textContent, '{"a":[1,');
  assert.equal((find(".jor-call") as HTMLDetailsElement).open, false);
  host.message(extras(2, { kind: "tool_call", at: 0, name: "look_up", offset: 8, text: '2],"b":"<img src=x>"}' }));
  host.set({ state: "done" });
  await frame();
  assert.equal(find(".jor-call summary").textContent, "called look_up");
  assert.equal(find(".jor-arguments").textContent, '{\n  "a": [1, 2],\n  "b": "<img src=x>"\n}');
  assert.equal(find(".jor-arguments").querySelector("img"), null);
  end();
});

test("an image is shown when its bytes have come, and asked for when they have not", async () => {
  const { host, el, find, end } = open({ state: "streaming", model: "m/x" });
  host.message(extras(1, { kind: "image", at: 0, image: { id: "i1", mime: "image/png", bytes: 70 } }, { kind: "image", at: 1, image: { id: "i2", mime: "image/png", bytes: 5e6 } }));
  host.message({ type: "image", id: "i1", mime: "image/png", data: PNG });
  await frame();
  assert.deepEqual([find("img").getAttribute("alt"), find("img").getAttribute("src")], ["image made by m/x", `data:image/png;base64,${PNG}`]);
  assert.match(find(".jor-image").textContent ?? "", /5\.0 MB, on its way/);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.deepEqual(host.sent.at(-1), { type: "image", id: "i2" });
  host.message({ type: "image", id: "i2", mime: "image/svg+xml", data: PNG });
  await frame();
  assert.equal(el.querySelectorAll("img").length, 1);
  end();
});

test("images elsewhere wait for the reader, and sources are links with their host", async () => {
  const { host, el, find, end } = open({ state: "streaming" });
  host.message(
    extras(
      1,
      { kind: "image", at: 0, image: { url: "https://x.example/p.png" } },
      { kind: "image", at: 1, image: { url: "javascript:alert(1)" } },
      { kind: "citation", at: 0, citation: { url: "https://y.example/a", title: "A <b>title</b>" } },
      { kind: "citation", at: 1, citation: { url: "javascript:alert(1)", title: "bad" } },
      { kind: "refusal", offset: 0, text: "No\u202e." },
    ),
  );
  await frame();
  assert.equal(el.querySelectorAll("img").length, 0);
  assert.deepEqual(Array.from(el.querySelectorAll(".jor-citations li"), (item) => item.textContent), ["A <b>title</b> y.example", "bad \u2013 javascript:alert(1)"]);
  assert.deepEqual(Array.from(el.querySelectorAll("a"), (link) => [link.href, link.rel, link.target]), [["https://y.example/a", "noopener noreferrer nofollow", "_blank"]]);
  assert.equal(find(".jor-refusal").textContent, "The model refusedNo\ufffd.");
  find(".jor-image-load").click();
  assert.equal((find("img") as HTMLImageElement).referrerPolicy, "no-referrer");
  end();
});

test("what stands beside the text survives any loss of messages, with one question for each gap", async () => {
  const { host, find, end } = open({ state: "streaming" });
  host.message(extras(1, { kind: "tool_call", at: 0, name: "f", offset: 0, text: "{" }));
  host.message(delta(0, "text ", { extras_sent: 2 }));
  host.message(delta(5, "on", { extras_sent: 2 }));
  await frame();
  assert.deepEqual(host.sent, [{ type: "resync" }]);
  assert.equal(find(".jor-text").textContent, "text on");
  const held = { tool_calls: [{ name: "f", arguments: "{}" }], citations: [{ url: "https://y.example", title: "" }], sent: 3 };
  host.message({ type: "snapshot", answer: 1, text: "text on", reasoning: "", extras: held, tokens: 1, seconds: 1, reasoning_seconds: null });
  host.message(extras(3, { kind: "citation", at: 0, citation: held.citations[0] }));
  host.message(extras(4, { kind: "refusal", offset: 0, text: "no" }));
  await frame();
  assert.equal(find(".jor-arguments").textContent, "{}");
  assert.equal(find(".jor-citations").querySelectorAll("li").length, 1);
  assert.equal(find(".jor-refusal > :last-child").textContent, "no");
  end();
});

test("a view whose kernel is gone says so, keeps its words and offers no Stop", async () => {
  const slots: ((sender: unknown, status: string) => void)[] = [];
  const signal = { connect: (slot: never) => void slots.push(slot), disconnect: (slot: never) => void slots.splice(slots.indexOf(slot), 1) };
  const kernelled = new FakeHost({ ...SHARED, state: "streaming" });
  kernelled.kernel.statusChanged = signal;
  const entry: Entry = { model: kernelled.proxy(), queue: [] };
  const life = new AbortController();
  const place = document.body.appendChild(document.createElement("div"));
  render(entry, place, life.signal);
  hear(entry, delta(0, "half") as never);
  slots.forEach((slot) => slot(null, "restarting"));
  await frame();
  assert.match(place.querySelector(".jor-status-line")?.textContent ?? "", /^the kernel is gone; this is what had come/);
  assert.equal(place.querySelector<HTMLButtonElement>(".jor-stop")?.disabled, true);
  assert.equal(place.querySelector("article")?.getAttribute("aria-busy"), "false");
  assert.equal(place.querySelector(".jor-text")?.textContent, "half");
  life.abort();
  close(entry);
  assert.deepEqual([slots.length, kernelled.listeners.length], [0, 0]);
});
