/** The turns of a chat: each stands for its id, settles in place, and is left alone from then on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, ChatPage, clipboard, delta, key, question, until } from "./chat-page";
import { bytesOf, PNG } from "./desk-doubles";
import { frame } from "./page";

const TWO = [question("q1"), answer("a1"), question("q2"), answer("a2")];

test("a turn that settles touches no turn before it", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  const touched: Node[] = [];
  const observer = new MutationObserver((records) => touched.push(...records.map(({ target }) => target)));
  const old = page.all(".jor-turn");
  for (const turn of old) observer.observe(turn, { subtree: true, childList: true, attributes: true, characterData: true });
  page.host.set({ state: "streaming", asking: "Question q3?" });
  page.host.message(delta(0, "Answer "));
  await frame();
  page.turns(2, 4, question("q3"), answer("a3", "Answer three."));
  page.host.set({ state: "done", asking: "", version: 2, message: "Answer three." });
  await frame();
  observer.disconnect();
  assert.deepEqual(page.texts(), ["Question q1?", "Answer a1.", "Question q2?", "Answer a2.", "Question q3?", "Answer three."]);
  assert.deepEqual([page.all(".jor-turn").slice(0, 4), touched], [old, []]);
  page.end();
});

test("the running question and answer become the settled ones, whichever is told first", async () => {
  for (const first of ["turns", "traits"]) {
    const page = new ChatPage({});
    page.host.set({ state: "streaming", asking: "Why?" });
    page.host.message(delta(0, "Because."));
    await frame();
    const before = [page.find(".jor-asked"), page.find(".jor-reply"), page.find(".jor-text p")];
    const settle = () => page.turns(1, 0, question("q1", "Why?"), answer("a1", "Because. Yes."));
    const traits = () => page.host.set({ state: "done", asking: "", version: 1, message: "Because. Yes." });
    for (const step of first === "turns" ? [settle, traits] : [traits, settle]) {
      step();
      await frame();
      assert.equal(page.texts().length, 2, "nothing goes away in between");
    }
    assert.deepEqual([page.find(".jor-asked"), page.find(".jor-reply"), page.find(".jor-text p")], before);
    assert.deepEqual(page.texts(), ["Why?", "Because. Yes."]);
    page.end();
  }
});

test("an answer that is other words once it has settled stands there once, whichever is told first", async () => {
  for (const first of ["turns", "traits"]) {
    const page = new ChatPage({ messages: [question("q1", "Why?"), answer("a1", "Because")], version: 1, state: "done" });
    await frame();
    page.host.set({ state: "streaming", asking: "Why?" });
    page.host.message(delta(0, "Because Because it is."));
    await frame();
    const settle = () => page.turns(2, 1, answer("a1", "Because it is."));
    const traits = () => page.host.set({ state: "done", asking: "", version: 2, message: "Because it is." });
    for (const step of first === "turns" ? [settle, traits] : [traits, settle]) {
      step();
      await frame();
    }
    assert.deepEqual(page.texts(), ["Why?", "Because it is."], first);
    page.end();
  }
});

test("equal questions and answers are two turns, not one", async () => {
  const page = new ChatPage({ messages: [question("q1", "again"), answer("a1", "same"), question("q2", "again"), answer("a2", "same")], version: 1, state: "done" });
  await frame();
  assert.deepEqual(page.texts(), ["again", "same", "again", "same"]);
  page.turns(2, 2);
  await frame();
  assert.deepEqual(page.texts(), ["again", "same"]);
  page.end();
});

test("turns without ids are shown too, and offer only what needs no id", async () => {
  const page = new ChatPage({ messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }, { role: "user", content: "a" }], version: 1, state: "done" });
  await frame();
  assert.deepEqual(page.texts(), ["a", "b", "a"]);
  assert.ok(page.find(".jor-reply").classList.contains("jor-nameless"));
  page.end();
});

test("lost turns come after a resync with the version held, and the trait alone tells of the loss", async () => {
  const page = new ChatPage({ messages: TWO.slice(0, 2), version: 1, state: "done" });
  page.turns(3, 3, answer("a2"));
  await frame();
  assert.deepEqual(page.sent("resync"), [{ type: "resync", version: 1 } as never]);
  page.host.message({ type: "conversation", version: 3, turns: TWO });
  await frame();
  assert.equal(page.texts().length, 4);
  page.end();
  const told = new ChatPage({ messages: TWO, version: 3, state: "done" });
  await frame();
  told.host.set({ version: 4 });
  await frame();
  assert.equal(told.sent("resync").length, 0, "the message may be on its way");
  await until(() => told.sent("resync").length === 1, "a resync");
  assert.equal(told.last().version, 3);
  told.end();
});

test("an answer cut short by a lost kernel stays, with its question", async () => {
  const page = new ChatPage({ state: "streaming", asking: "Why?" });
  page.host.message(delta(0, "Bec"));
  await frame();
  page.el.classList.add("jupyter-widgets-disconnected");
  const second = page.view(page.el);
  await until(() => /kernel is gone/.test(second.textContent ?? ""), "the note");
  assert.deepEqual([second.querySelector(".jor-question-text")?.textContent, second.querySelector(".jor-text")?.textContent], ["Why?", "Bec"]);
  page.end();
});

test("retry asks for another answer once, says why it was refused, and a second press waits for the first", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  const retry = page.button("Retry", page.find(".jor-reply", 1));
  retry.click();
  retry.click();
  const [sent, ...more] = page.sent("retry");
  assert.deepEqual([sent?.turn, sent?.model, more.length], ["a2", "", 0]);
  page.host.message({ type: "refused", id: sent?.id, reason: "an answer is running" });
  await frame();
  assert.equal(page.find(".jor-reply .jor-note", 1).textContent, "Not done: an answer is running");
  page.end();
});

test("retry with another model goes through the picker; Esc leaves it and gives the focus back", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  const pressed = page.button("Retry with another model", page.find(".jor-reply", 1));
  pressed.focus();
  pressed.click();
  const field = page.find<HTMLInputElement>(".jor-picker-search");
  assert.equal(document.activeElement, field);
  field.dispatchEvent(key("Escape"));
  await frame();
  assert.deepEqual([document.activeElement, page.sent("retry").length], [pressed, 0]);
  pressed.click();
  field.value = "m/y";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(key("Enter"));
  await frame();
  assert.deepEqual([page.last().type, page.last().turn, page.last().model], ["retry", "a2", "m/y"]);
  page.end();
});

test("delete asks in place first, with the focus on Cancel", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  page.button("Delete", page.find(".jor-reply")).click();
  await frame();
  assert.equal(page.sent("delete").length, 0);
  assert.equal(document.activeElement?.textContent, "Cancel");
  page.button("Delete", page.find(".jor-confirm")).click();
  assert.equal(page.last().turn, "a1");
  page.turns(2, 0, question("q2"), answer("a2"));
  page.host.set({ version: 2 });
  await frame();
  assert.deepEqual(page.texts(), ["Question q2?", "Answer a2."]);
  assert.equal(document.activeElement, page.find(".jor-log"), "the keyboard stays in the conversation");
  page.end();
});

test("a question is edited in its place: Enter asks, what was attached can be left out, and a refusal keeps the words", async () => {
  const files = [{ kind: "file", name: "a.pdf", mime: "application/pdf", bytes: 5000 }, { kind: "text", name: "b.txt", mime: "text/plain", bytes: 10 }];
  const page = new ChatPage({ messages: [question("q1", "Old?", { attachments: files }), answer("a1")], version: 1, state: "done" });
  await frame();
  page.button("Edit the question").click();
  const box = page.find<HTMLTextAreaElement>(".jor-edit textarea");
  assert.deepEqual([box.value, document.activeElement], ["Old?", box]);
  page.button("remove a.pdf").click();
  box.value = "New?";
  box.setSelectionRange(4, 4);
  box.dispatchEvent(key("Enter", { shiftKey: true }));
  assert.deepEqual([box.value, page.last()?.type], ["New?\n", undefined]);
  box.value = "New?";
  box.dispatchEvent(key("Enter"));
  const sent = page.last();
  assert.deepEqual([sent.type, sent.turn, sent.text, sent.keep, sent.uploads], ["edit", "q1", "New?", [1], []]);
  page.host.message({ type: "refused", id: sent.id, reason: "an answer is running" });
  await frame();
  assert.deepEqual([box.value, page.find(".jor-edit .jor-note").textContent], ["New?", "Not asked: an answer is running"]);
  box.dispatchEvent(key("Enter"));
  page.acknowledge();
  await frame();
  assert.equal(page.all(".jor-edit").length, 0);
  page.end();
});

test("an edit whose question goes from the screen leaves its words in the box, unless the kernel takes it", async () => {
  for (const reply of ["none", "refused", "ack"] as const) {
    const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
    await frame();
    const box = page.find<HTMLTextAreaElement>(".jor-composer textarea");
    box.value = "A draft.";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    page.button("Edit the question", page.all(".jor-asked")[1]).click();
    const edit = page.find<HTMLTextAreaElement>(".jor-edit textarea");
    edit.value = "New words?";
    if (reply !== "none") edit.dispatchEvent(key("Enter"));
    const { id } = page.last() ?? {};
    // Another page asks it anew: what follows is not shown while that is answered.
    page.turns(2, 2);
    page.host.set({ state: "waiting", asking: "Another's?", version: 2 });
    await frame();
    if (reply === "refused") page.host.message({ type: "refused", id, reason: "An answer is running." });
    if (reply === "ack") page.acknowledge();
    await frame();
    const note = page.find(".jor-composer .jor-note").textContent;
    const told = { none: "An edit of a question was not asked; its text is here.", refused: "Not asked: An answer is running.", ack: "" };
    assert.deepEqual([box.value, note], [reply === "ack" ? "A draft." : "A draft.\n\nNew words?", told[reply]]);
    page.end();
  }
});

test("what is written in a question's place goes to the box when its view is closed", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  page.button("Edit the question").click();
  page.find<HTMLTextAreaElement>(".jor-edit textarea").value = "New words?";
  page.life.abort();
  const next = page.view(document.body, new AbortController().signal);
  await frame();
  assert.equal(next.querySelector<HTMLTextAreaElement>(".jor-composer textarea")?.value, "New words?");
  next.remove();
  page.end();
});

test("what another who shares the conversation was told is not taken for the answer that runs", async () => {
  const page = new ChatPage({ state: "streaming", asking: "Why?" });
  page.host.message(delta(0, "Be"));
  await frame();
  page.turns(1, 0, question("q0", "Other?"), answer("a0", "Because."));
  await frame();
  assert.deepEqual(page.texts(), ["Other?", "Because.", "Why?", "Be"]);
  page.host.message(delta(2, "es."));
  await frame();
  page.turns(2, 2, question("q1", "Why?"), answer("a1", "Bees."));
  page.host.set({ state: "done", asking: "", version: 2, message: "Bees." });
  await frame();
  assert.deepEqual(page.texts(), ["Other?", "Because.", "Why?", "Bees."]);
  page.end();
});

test("where another was asked the very same, what runs is shown again as soon as its text is another", async () => {
  const page = new ChatPage({ state: "streaming", asking: "Why?" });
  page.host.message(delta(0, "Be"));
  await frame();
  page.turns(1, 0, question("q0", "Why?"), answer("a0", "Because."));
  await frame();
  page.host.message(delta(2, "es."));
  await frame();
  assert.deepEqual(page.texts(), ["Why?", "Because.", "Why?", "Bees."]);
  page.end();
});

test("files are added to a question that is edited, and go with it when they are whole; Esc lets them go", async () => {
  const page = new ChatPage({ messages: [question("q1", "Old?"), answer("a1")], version: 1, state: "done" });
  await frame();
  for (const asked of [false, true]) {
    page.button("Edit the question").click();
    const transfer = { types: ["Files"], files: [new File([bytesOf(PNG, 9)], "sky.png", { type: "image/png" })], getData: () => "" };
    page.find(".jor-edit textarea").dispatchEvent(Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData: transfer }));
    assert.equal(page.all(".jor-composer .jor-upload").length, 0, "they are not for the box below");
    await until(() => page.last()?.type === "upload", "the upload");
    const upload = page.last();
    page.acknowledge();
    if (!asked) {
      page.find(".jor-edit textarea").dispatchEvent(key("Escape"));
      await until(() => page.last()?.type === "discard", "the files are let go");
      continue;
    }
    await frame();
    page.find(".jor-edit textarea").dispatchEvent(key("Enter"));
    await until(() => page.last()?.type === "edit", "the question");
    assert.deepEqual([page.last().text, page.last().uploads], ["Old?", [upload.upload]]);
    page.acknowledge();
    await until(() => page.all(".jor-edit").length === 0, "the end");
    assert.deepEqual([page.sent("discard").length, document.activeElement], [1, page.find(".jor-composer .jor-box")]);
  }
  page.end();
});

test("a file that cannot go keeps an edited question from being asked, and says why", async () => {
  const page = new ChatPage({ messages: [question("q1", "Old?"), answer("a1")], version: 1, state: "done" });
  await frame();
  page.button("Edit the question").click();
  const transfer = { types: ["Files"], files: [new File([new Uint8Array(40).fill(255)], "sky.png", { type: "image/png" })], getData: () => "" };
  page.find(".jor-edit textarea").dispatchEvent(Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData: transfer }));
  await until(() => page.all(".jor-edit .jor-bad").length === 1, "the reason");
  assert.match(page.find(".jor-edit .jor-bad").textContent ?? "", /it is no image/);
  page.find(".jor-edit textarea").dispatchEvent(key("Enter"));
  assert.deepEqual([page.find<HTMLButtonElement>(".jor-edit .jor-send").disabled, page.sent("edit").length], [true, 0]);
  page.button("remove sky.png").click();
  assert.equal(page.find<HTMLButtonElement>(".jor-edit .jor-send").disabled, false);
  page.end();
});

test("Esc leaves a question as it was and stops nothing", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "streaming", asking: "Third?" });
  await frame();
  page.button("Edit the question").click();
  page.find(".jor-edit textarea").dispatchEvent(key("Escape"));
  assert.deepEqual([page.all(".jor-edit").length, page.sent("stop").length, page.sent("edit").length], [0, 0, 0]);
  page.end();
});

test("branches are gone through by their buttons, and the focus goes on with them", async () => {
  const branches = ["a0", "a1", "a3", "a4"];
  const page = new ChatPage({ messages: [question("q1"), answer("a1", "Second.", { branches })], version: 1, state: "done" });
  await frame();
  const group = page.find(".jor-reply .jor-branches");
  assert.deepEqual([group.textContent, group.getAttribute("aria-label"), group.hidden], ["2 of 4", "answer 2 of 4", false]);
  page.button("next answer").focus();
  page.button("next answer").click();
  assert.deepEqual([page.last().type, page.last().turn], ["branch", "a3"]);
  page.acknowledge();
  page.turns(2, 1, answer("a3", "Third.", { branches }));
  await frame();
  assert.deepEqual(page.texts(), ["Question q1?", "Third."]);
  assert.equal(document.activeElement, page.button("next answer"));
  for (const [at, name, id, focused] of [[3, "next", "a4", "previous"], [4, "previous", "a3", "previous"]] as const) {
    page.button(`${name} answer`).focus();
    page.button(`${name} answer`).click();
    page.acknowledge();
    page.turns(at, 1, answer(id, "Another.", { branches }));
    await frame();
    assert.equal(document.activeElement, page.button(`${focused} answer`));
  }
  page.end();
});

test("an answer that can go on has a button for it, which asks once", async () => {
  const page = new ChatPage({ messages: [question("q1"), answer("a1", "The path is", { state: "stopped", continuable: true })], version: 1, state: "stopped" });
  await frame();
  page.button("Continue the answer").click();
  assert.equal(page.last().type, "continue");
  page.acknowledge();
  page.turns(2, 0);
  page.host.set({ state: "streaming", asking: "Question q1?", message: "The path is", version: 2 });
  page.host.message(delta(11, " long."));
  await frame();
  assert.deepEqual(page.texts(), ["Question q1?", "The path is long."]);
  page.turns(3, 0, question("q1"), answer("a1", "The path is long."));
  page.host.set({ state: "done", asking: "", version: 3, message: "The path is long." });
  await frame();
  assert.deepEqual(page.texts(), ["Question q1?", "The path is long."]);
  assert.equal(page.find(".jor-continue").hidden, true);
  page.end();
});

test("an answer is copied as its reader sees it, or as its Markdown", async () => {
  const text = "# Head\n\nSome **bold** and $x^2$:\n\n1. one\n2. two\n   - in\n\n```python\na\t= 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |";
  const page = new ChatPage({ messages: [question("q1"), answer("a1", text)], version: 1, state: "done" });
  await frame();
  page.button("Copy as text").click();
  await frame();
  assert.equal(clipboard.text, "Head\n\nSome bold and $x^2$:\n\n1. one\n2. two\n- in\n\na\t= 1\n\na\tb\n1\t2");
  page.button("Copy as Markdown").click();
  await frame();
  assert.equal(clipboard.text, text);
  page.end();
});

test("a toolbar has one stop for Tab, and the arrow keys go round in it", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  await frame();
  const bar = page.find(".jor-reply [role=toolbar]");
  const buttons = Array.from(bar.querySelectorAll("button"));
  assert.deepEqual(buttons.map((one) => one.tabIndex), [0, -1, -1, -1, -1]);
  assert.ok(buttons.every((one) => one.getAttribute("aria-label") && one.title));
  buttons[0]?.focus();
  buttons[0]?.dispatchEvent(key("ArrowLeft"));
  assert.equal(document.activeElement, buttons[4]);
  buttons[4]?.dispatchEvent(key("ArrowRight"));
  buttons[0]?.dispatchEvent(key("ArrowRight"));
  assert.deepEqual([document.activeElement, buttons.map((one) => one.tabIndex)], [buttons[1], [-1, 0, -1, -1, -1]]);
  page.end();
});

test("attachments are named with their size, and an image is shown when its bytes have come", async () => {
  const attachments = [{ kind: "image", name: "sky\u202e.png", mime: "image/png", bytes: 48213, id: "i1" }, { kind: "file", name: "a.pdf", mime: "application/pdf", bytes: 2e6 }];
  const page = new ChatPage({ messages: [question("q1", "What?", { attachments })], version: 1, state: "done" });
  await frame();
  assert.deepEqual(page.all(".jor-chip").map((chip) => chip.textContent), ["sky\ufffd.png48 kB", "a.pdf2.0 MB"]);
  const data = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  page.host.message({ type: "image", id: "i1", mime: "image/png", data });
  await frame();
  assert.equal(page.find<HTMLImageElement>(".jor-chip img").getAttribute("src"), `data:image/png;base64,${data}`);
  page.end();
});

test("many turns are all there, and the newest first", async () => {
  const messages = Array.from({ length: 60 }, (_, at) => [question(`q${at}`), answer(`a${at}`)]).flat();
  const page = new ChatPage({ messages, version: 1, state: "done" });
  assert.equal(page.texts().length, 0);
  await frame();
  assert.equal(page.all(".jor-turn").length, 120, "each has its place at once");
  assert.equal(page.texts().at(-1), "Answer a59.");
  await until(() => page.texts()[0] === "Question q0?" && page.texts()[1] === "Answer a0.", "the oldest");
  assert.deepEqual(page.texts(), messages.map(({ content }) => content));
  page.end();
});

test("two views of one chat show the same, and one that is gone leaves nothing behind", async () => {
  const page = new ChatPage({ messages: TWO, version: 1, state: "done" });
  const life = new AbortController();
  const second = page.view(document.body, life.signal);
  await frame();
  page.turns(2, 4, question("q3"), answer("a3"));
  await frame();
  const shown = (el: HTMLElement) => Array.from(el.querySelectorAll(".jor-text"), (text) => text.textContent);
  assert.deepEqual(shown(second), shown(page.el));
  assert.equal(shown(second).length, 3);
  life.abort();
  assert.equal(second.childElementCount, 0);
  page.turns(3, 6, question("q4"));
  await frame();
  assert.equal(page.texts().length, 7);
  page.end();
  assert.equal(page.host.listeners.filter(({ name }) => name !== "msg:custom").length, 0);
});

test("a failed answer says in its place what went wrong, and retries itself", async () => {
  const error = { type: "OverloadedError", message: "The provider is overloaded.", remedy: "Ask again.", act: "retry" };
  const page = new ChatPage({ messages: [question("q1"), answer("a1", "Half", { state: "failed", error })], version: 1, state: "failed", message: "Half", error });
  await frame();
  const said = page.all(".jor-failure").filter((one) => !one.hidden);
  assert.equal(said.length, 1, "it is not said twice");
  assert.ok(page.find(".jor-reply").contains(said[0] as Node));
  page.button("Retry", said[0]).click();
  assert.deepEqual([page.last().type, page.last().turn], ["retry", "a1"]);
  page.end();
});
