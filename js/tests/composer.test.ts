/** The box of a chat on its model: what the keys do, what is sent, and that nothing that was typed is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { close, hear, render, type Entry } from "../src/core";
import { FakeHost, frame } from "./page";
import "./chat-part";
import { bytesOf, PNG } from "./desk-doubles";

const CHAT = { _kind: "chat", _core_id: "c", state: "idle", message: "", reasoning: "", model: "openai/gpt-4", error: null, interruptible: false, messages: [], asking: "", finish_reason: "", usage: null };

function open(traits: object = {}) {
  const host = new FakeHost({ ...CHAT, ...traits });
  const entry: Entry = { model: host.proxy(), queue: [] };
  const lives: AbortController[] = [];
  const view = () => {
    const el = document.body.appendChild(document.createElement("div"));
    const life = new AbortController();
    lives.push(life);
    render(entry, el, life.signal);
    return { el, life };
  };
  const { el, life } = view();
  (host.proxy() as { on(name: string, callback: (message: never) => void): void }).on("msg:custom", (message) => hear(entry, message));
  const find = <T extends HTMLElement>(name: string, inside = el) => {
    const found = inside.querySelector<T>(name);
    assert.ok(found, `${name} is in the view`);
    return found;
  };
  const box = find<HTMLTextAreaElement>(".jor-box");
  const put = (text: string) => {
    box.value = text;
    box.setSelectionRange(text.length, text.length);
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const press = (key: string, more: object = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    box.dispatchEvent(event);
    return event;
  };
  const asks = () => host.sent.filter(({ type }) => type === "ask");
  const end = () => {
    for (const one of lives) one.abort();
    close(entry);
    document.body.replaceChildren();
  };
  return { host, el, life, view, find, box, put, press, asks, end };
}

test("Enter sends; Shift+Enter and an input method's Enter do not", async () => {
  const { host, box, put, press, asks, end } = open();
  await frame();
  put("one");
  for (const more of [{ isComposing: true }, { keyCode: 229 }]) assert.equal(press("Enter", more).defaultPrevented, false);
  assert.deepEqual([asks(), box.value], [[], "one"]);
  box.setSelectionRange(3, 3);
  assert.equal(press("Enter", { shiftKey: true }).defaultPrevented, true);
  assert.deepEqual([asks(), box.value], [[], "one\n"]);
  put("one");
  assert.equal(press("Enter").defaultPrevented, true);
  assert.deepEqual([asks().map(({ text }) => text), box.value], [["one"], ""]);
  put("typed meanwhile");
  host.message({ type: "ack", id: asks()[0]?.id });
  await frame();
  assert.equal(box.value, "typed meanwhile");
  end();
});

test("a refused question is back in the box, with the reason", async () => {
  const { host, box, put, press, find, asks, end } = open();
  await frame();
  put("Why?");
  press("Enter");
  host.message({ type: "refused", id: asks()[0]?.id, reason: "the key is missing\u202e" });
  await frame();
  assert.deepEqual([box.value, find(".jor-composer .jor-note").textContent], ["Why?", "Not sent: the key is missing\ufffd"]);
  put("Why not?");
  assert.equal(find(".jor-composer .jor-note").hidden, true);
  end();
});

test("a question that is being answered counts as taken, though its word was lost; Send is Stop then", async () => {
  const { host, box, put, press, find, end } = open();
  await frame();
  put("Why?");
  press("Enter");
  host.set({ state: "waiting", asking: "Why?" });
  await frame();
  assert.deepEqual([box.value, find(".jor-send").hidden, find(".jor-stop").hidden], ["", true, false]);
  find(".jor-stop").focus();
  find(".jor-stop").click();
  assert.deepEqual([host.sent.at(-1)?.type, document.activeElement], ["stop", box]);
  end();
});

test("while an answer runs Enter puts the question in the queue, which is shown and can be emptied", async () => {
  const { host, put, press, find, asks, el, end } = open({ state: "streaming", asking: "first" });
  await frame();
  put("second");
  assert.deepEqual([find(".jor-send").hidden, find(".jor-send").textContent, find(".jor-stop").hidden], [false, "Queue", false]);
  press("Enter");
  host.message({ type: "ack", id: asks()[0]?.id });
  host.set({ queued: [{ id: "k1", text: "second", attachments: [{ kind: "image", name: "a.png", mime: "image/png", bytes: 7 }] }] });
  await frame();
  assert.equal(find(".jor-queue").textContent, "1 queued question, asked when this answer is doneseconda.pngSend now");
  const [now, , remove] = Array.from(el.querySelectorAll<HTMLButtonElement>(".jor-queue button"));
  assert.deepEqual([now?.hidden, remove?.getAttribute("aria-label")], [true, "remove from the queue: second"]);
  remove?.click();
  remove?.click();
  assert.deepEqual(host.sent.filter(({ type }) => type === "unqueue").map(({ item }) => item), ["k1"]);
  host.set({ queued: [] });
  await frame();
  assert.equal(find(".jor-queue").hidden, true);
  end();
});

test("a question of the queue is changed in its place, its files as well; Esc leaves it as it was", async () => {
  const attachments = [{ kind: "image", name: "a.png", mime: "image/png", bytes: 7 }, { kind: "text", name: "b.txt", mime: "text/plain", bytes: 7 }];
  const queued = [{ id: "k1", text: "second", attachments }, { id: "k2", text: "third" }];
  const { host, find, el, end } = open({ state: "streaming", asking: "first", queued });
  await frame();
  const pressed = (name: string) => Array.from(el.querySelectorAll<HTMLButtonElement>("button")).find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name) as HTMLButtonElement;
  pressed("edit in the queue: second").click();
  const box = find<HTMLTextAreaElement>(".jor-queue .jor-edit textarea");
  assert.deepEqual([box.value, document.activeElement], ["second", box]);
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  assert.deepEqual([el.querySelectorAll(".jor-edit").length, document.activeElement?.getAttribute("aria-label"), host.sent.some(({ type }) => type === "stop")], [0, "edit in the queue: second", false]);
  pressed("edit in the queue: second").click();
  const again = find<HTMLTextAreaElement>(".jor-queue .jor-edit textarea");
  pressed("remove a.png").click();
  again.value = "other";
  // What comes meanwhile leaves the box as it is, and the focus in it.
  host.set({ queued: [...queued, { id: "k3", text: "fourth" }] });
  await frame();
  assert.deepEqual([find<HTMLTextAreaElement>(".jor-queue .jor-edit textarea").value, document.activeElement, el.querySelectorAll(".jor-queue-row").length], ["other", again, 3]);
  find<HTMLFormElement>(".jor-queue .jor-edit").requestSubmit();
  const sent = host.sent.at(-1);
  assert.deepEqual([sent?.type, sent?.item, sent?.text, sent?.keep, sent?.uploads], ["edit_queued", "k1", "other", [1], []]);
  host.message({ type: "ack", id: sent?.id });
  await frame();
  assert.equal(el.querySelectorAll(".jor-edit").length, 0);
  end();
});

test("a question that goes out while it is being changed leaves what it had become in the box", async () => {
  const { host, box, find, el, end } = open({ state: "streaming", asking: "first", queued: [{ id: "k1", text: "second" }] });
  await frame();
  find(".jor-queue button[title=Edit]").click();
  find<HTMLTextAreaElement>(".jor-queue .jor-edit textarea").value = "half of anoth";
  host.set({ asking: "second", queued: [] });
  await frame();
  assert.deepEqual([box.value, find(".jor-composer .jor-note").textContent, el.querySelectorAll(".jor-edit").length], ["half of anoth", "The question went out, or was removed, before it was changed.", 0]);
  end();
});

test("a queue that waits offers to send, and says why that was refused", async () => {
  const { host, find, end } = open({ state: "stopped", queued: [{ id: "k1", text: "second" }] });
  await frame();
  find(".jor-queue .jor-link-button").click();
  const sent = host.sent.at(-1);
  assert.deepEqual([sent?.type, sent?.item], ["send_now", "k1"]);
  host.message({ type: "refused", id: sent?.id, reason: "an answer is running" });
  await frame();
  assert.equal(find(".jor-composer .jor-note").textContent, "Not done: an answer is running");
  end();
});

test("a stop before the first word puts the question back, and only in the page that asked", async () => {
  const asker = open();
  const other = open();
  await frame();
  asker.put("Why?");
  asker.press("Enter");
  for (const { host } of [asker, other]) host.set({ state: "waiting", asking: "Why?" });
  asker.host.message({ type: "ack", id: asker.asks()[0]?.id });
  await frame();
  for (const { host } of [asker, other]) host.set({ state: "stopped", asking: "" });
  await frame();
  assert.deepEqual([asker.box.value, other.box.value], ["Why?", ""]);
  asker.end();
  other.end();
});

test("what comes and goes between two frames counts: a question that failed at once is back in the box", async () => {
  const { host, box, put, press, asks, end } = open();
  await frame();
  put("Why?");
  press("Enter");
  host.message({ type: "ack", id: asks()[0]?.id });
  await Promise.resolve();
  host.set({ state: "waiting", asking: "Why?" });
  await new Promise((resolve) => setTimeout(resolve, 0));
  host.set({ state: "failed", asking: "", error: { type: "E", message: "No credit.", remedy: "Add some." } });
  await frame();
  assert.equal(box.value, "Why?");
  end();
});

test("Up recalls earlier questions in an empty box, Down goes forward to it", async () => {
  const messages = [{ role: "user", content: "one" }, { role: "assistant", content: "1" }, { role: "user", content: "two\nlines" }, { role: "assistant", content: "2" }];
  const { box, put, press, end } = open({ messages, state: "done" });
  await frame();
  assert.equal(press("ArrowUp").defaultPrevented, true);
  assert.deepEqual([box.value, box.selectionStart], ["two\nlines", 9]);
  press("ArrowUp");
  assert.equal(box.value, "one");
  assert.equal(press("ArrowUp").defaultPrevented, false);
  press("ArrowDown");
  press("ArrowDown");
  assert.equal(box.value, "");
  put("a draft");
  assert.equal(press("ArrowUp").defaultPrevented, false);
  assert.equal(box.value, "a draft");
  end();
});

test("what is being written is in every view of the chat, and in one that is made again", async () => {
  const { life, view, find, put, end } = open();
  await frame();
  put("half a th");
  const second = view();
  assert.equal(find<HTMLTextAreaElement>(".jor-box", second.el).value, "half a th");
  put("half a thought");
  assert.equal(find<HTMLTextAreaElement>(".jor-box", second.el).value, "half a thought");
  life.abort();
  assert.equal(find<HTMLTextAreaElement>(".jor-box", view().el).value, "half a thought");
  end();
});

function dropped(target: HTMLElement, type: string, files: File[], text = ""): Event {
  const event = new Event(type, { bubbles: true, cancelable: true });
  const transfer = { types: files.length ? ["Files"] : ["text/plain"], files, getData: () => text, dropEffect: "none" };
  Object.assign(event, { dataTransfer: transfer, clipboardData: transfer });
  target.dispatchEvent(event);
  return event;
}
const image = (name = "a.png") => new File([bytesOf(PNG, 9)], name, { type: "image/png" });

test("files are dropped anywhere on the chat, or pasted; they are uploaded, and go with the question by name", async () => {
  const made: string[] = [];
  const gone: string[] = [];
  Object.assign(URL, { createObjectURL: () => `blob:${made.push("")}`, revokeObjectURL: (address: string) => gone.push(address) });
  const { host, el, find, box, put, press, asks, end } = open();
  await frame();
  let leaked = 0;
  el.addEventListener("drop", () => leaked++);
  assert.equal(dropped(find(".jor-chat"), "drop", [image("sky.png")]).defaultPrevented, true);
  dropped(box, "paste", [image("")]);
  assert.equal(dropped(box, "paste", [image()], "cells of a table").defaultPrevented, false);
  assert.equal(dropped(box, "paste", [], "words").defaultPrevented, false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const uploads = host.sent.filter(({ type }) => type === "upload");
  assert.deepEqual([leaked, uploads.map(({ name, size, offset }) => [name, size, offset])], [0, [["sky.png", 9, 0], ["pasted.png", 9, 0]]]);
  assert.deepEqual(Array.from(el.querySelectorAll(".jor-upload img"), (one) => one.getAttribute("src")), ["blob:1", "blob:2"]);
  put("What is this?");
  press("Enter");
  assert.deepEqual(asks(), []);
  for (const { id } of uploads) host.message({ type: "ack", id });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([asks().map((ask) => ask.uploads), gone.length], [[uploads.map(({ upload }) => upload)], 2]);
  end();
});

test("a file that is refused says why in its place, keeps Send from sending, and can be removed by keys", async () => {
  const { host, find, box, put, end } = open();
  await frame();
  put("Look");
  dropped(box, "drop", [image("sky.png")]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  host.message({ type: "refused", id: host.sent.at(-1)?.id, reason: "this is no image" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([find(".jor-upload-state").textContent, find<HTMLButtonElement>(".jor-send").disabled], ["this is no image", true]);
  const remove = find(".jor-upload button");
  assert.equal(remove.getAttribute("aria-label"), "remove sky.png");
  remove.focus();
  remove.click();
  assert.deepEqual([document.activeElement, find<HTMLButtonElement>(".jor-send").disabled, find(".jor-attachments").hidden], [box, false, true]);
  end();
});

test("the model's button asks for another model, and says why it was not changed", async () => {
  const { host, find, end } = open();
  await frame();
  const named = find(".jor-model-button");
  assert.equal(named.getAttribute("aria-label"), "Model: openai/gpt-4");
  named.click();
  const asked = host.sent.at(-1);
  assert.equal(asked?.type, "models");
  host.message({ type: "models", id: asked?.id, models: [{ slug: "a/b", name: "A: B", takes: ["text"], gives: ["text"] }], error: null });
  await frame();
  find("[role=option]").click();
  await frame();
  const change = host.sent.at(-1);
  assert.deepEqual([change?.type, change?.model, named.textContent], ["model", "a/b", "a/b"]);
  host.message({ type: "refused", id: change?.id, reason: "no such model" });
  await frame();
  assert.deepEqual([named.textContent, find(".jor-composer .jor-note").textContent], ["openai/gpt-4", "The model was not changed: no such model"]);
  end();
});

test("suggestions are offered while the chat is empty; a click asks one and leaves the draft", async () => {
  const { host, find, box, put, asks, end } = open({ suggestions: ["Why is the sky blue?"] });
  await frame();
  put("a draft");
  find(".jor-suggestion").click();
  assert.deepEqual([asks().map(({ text }) => text), box.value, find(".jor-suggestions").hidden], [["Why is the sky blue?"], "a draft", true]);
  host.set({ state: "done", messages: [{ role: "user", content: "x" }] });
  await frame();
  assert.equal(find(".jor-suggestions").hidden, true);
  end();
});

test("the totals say what is known, and of how many answers the cost is unknown", async () => {
  const { host, find, end } = open();
  await frame();
  assert.equal(find(".jor-totals").hidden, true);
  host.set({ totals: { prompt_tokens: 1204, completion_tokens: 412, cost: 0.00123, unknown: 2 } });
  await frame();
  assert.equal(find(".jor-totals").textContent, "1,204 \u2192 412 tokens \u00b7 $0.0012 \u00b7 cost of 2 answers unknown");
  end();
});

test("the height is set by keys, kept for later views, and given back to the text", async () => {
  const { view, find, el, end } = open({ state: "done", messages: [{ role: "user", content: "x" }] });
  await frame();
  const handle = find(".jor-size");
  const key = (name: string) => handle.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  key("PageDown");
  assert.deepEqual([handle.getAttribute("role"), handle.getAttribute("aria-valuenow"), find(".jor-chat").style.getPropertyValue("--jor-height")], ["separator", "120", "120px"]);
  const second = view();
  await frame();
  assert.ok(find(".jor-chat", second.el).classList.contains("jor-sized"));
  key("Enter");
  assert.ok(!find(".jor-chat", el).classList.contains("jor-sized"));
  end();
});

test("when the kernel is gone nothing can be sent, and what was on its way is back in the box", async () => {
  const slots: ((sender: unknown, status: string) => void)[] = [];
  const host = new FakeHost({ ...CHAT, queued: [{ id: "k", text: "later" }] });
  host.kernel.statusChanged = { connect: (slot: never) => void slots.push(slot), disconnect: () => undefined };
  const entry: Entry = { model: host.proxy(), queue: [] };
  const life = new AbortController();
  const el = document.body.appendChild(document.createElement("div"));
  render(entry, el, life.signal);
  await frame();
  const box = el.querySelector(".jor-box") as HTMLTextAreaElement;
  box.value = "Why?";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  assert.equal(box.value, "");
  for (const slot of slots) slot(null, "dead");
  await frame();
  assert.deepEqual([box.value, (el.querySelector(".jor-send") as HTMLButtonElement).disabled], ["Why?", true]);
  assert.equal(el.querySelector(".jor-queue-head")?.textContent, "1 queued question, not asked");
  assert.equal(dropped(box, "drop", [image()]).defaultPrevented, true);
  assert.equal(el.querySelector(".jor-upload"), null);
  life.abort();
  close(entry);
  el.remove();
});
