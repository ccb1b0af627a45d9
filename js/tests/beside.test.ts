/** What stands beside the turns of a chat: new cells, what helps against a failure, a lost kernel, and what is kept. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { cellOf, insertCell, notebookOf } from "../src/cells";
import { keep, recall } from "../src/memory";
import { loadLines } from "../src/view-gone";
import { remaining } from "../src/view-remedy";
import { answer, ChatPage, clipboard, key, question, until } from "./chat-page";
import { frame } from "./page";

/** A notebook as JupyterLab shares it: cells with outputs, of which one shows our widget. */
function notebook(fails = false) {
  const output = { data: { "application/vnd.jupyter.widget-view+json": { model_id: "model-1" } } };
  const cells: { id: string; source: string; outputs?: unknown[] }[] = [
    { id: "c1", source: "1" },
    { id: "c2", source: "chat", outputs: [{ data: {} }, output] },
    { id: "c3", source: "3" },
  ];
  const insert = (at: number, cell: { source: string }) => {
    cells.splice(at, 0, { id: `n${cells.length}`, ...cell });
    if (fails) throw new Error("after it was done");
    return cells[at];
  };
  const host = { context: { model: { readOnly: false, sharedModel: { cells, insertCell: insert } } } };
  return { cells, host, sources: () => cells.map(({ source }) => source) };
}

test("code becomes a cell by its language, and what no cell holds becomes none", () => {
  assert.deepEqual([cellOf("x", "python"), cellOf("x", "")].map((cell) => cell?.source), ["x", "x"]);
  assert.equal(cellOf("ls", "bash")?.source, "%%bash\nls");
  assert.equal(cellOf("# a", "markdown")?.cell_type, "markdown");
  assert.deepEqual([cellOf("x", "rust"), cellOf("x", "constructor"), cellOf("x", "__proto__")], [null, null, null]);
});

test("cells go below the chat's own, in the order in which they were asked for", () => {
  const { host, sources } = notebook();
  for (const source of ["a", "b"]) assert.equal(insertCell(host, "model-1", { cell_type: "code", source }), true);
  assert.deepEqual(sources(), ["1", "chat", "a", "b", "3"]);
});

test("a cell that was inserted before something failed counts as inserted", () => {
  const { host, sources } = notebook(true);
  mock.method(console, "warn", () => undefined);
  assert.equal(insertCell(host, "model-1", { cell_type: "code", source: "a" }), true);
  assert.deepEqual(sources(), ["1", "chat", "a", "3"]);
  mock.restoreAll();
});

test("no cell comes where the notebook cannot be changed, or does not show the chat", () => {
  const { host, cells } = notebook();
  assert.equal(insertCell(host, "another", { cell_type: "code", source: "a" }), false);
  assert.equal(insertCell(host, "", { cell_type: "code", source: "a" }), false);
  host.context.model.readOnly = true;
  assert.equal(insertCell(host, "model-1", { cell_type: "code", source: "a" }), false);
  assert.equal(cells.length, 3);
  for (const other of [undefined, null, {}, { context: {} }, { context: { model: { sharedModel: {} } } }]) assert.equal(notebookOf(other), null);
});

const CODE = answer("a1", "```python\na = 1\n```\n\n```rust\nlet x;\n```\n\n```\nplain\n```");

/** A chat in a notebook. */
const chatIn = (manager: object, traits: object) => new ChatPage(traits, document.body, manager);

test("a code block goes to a new cell with one press, and with two quick ones once", async () => {
  const { host, sources } = notebook();
  const page = chatIn(host, { messages: [question("q1"), CODE], version: 1, state: "done" });
  await until(() => page.all(".jor-to-cell").length > 0, "the buttons");
  const buttons = page.all(".jor-to-cell");
  assert.deepEqual(buttons.map((one) => one.closest(".jor-code")?.querySelector(".jor-code-language")?.textContent), ["python", ""], "no cell holds Rust");
  buttons[0]?.click();
  buttons[0]?.click();
  await frame();
  assert.deepEqual(sources(), ["1", "chat", "a = 1", "3"]);
  assert.equal(buttons[0]?.textContent, "added below");
  page.end();
});

test("where a cell cannot be had the code is copied, and that is said", async () => {
  const { host, cells } = notebook();
  cells.splice(1, 1);
  const page = chatIn(host, { messages: [question("q1"), CODE], version: 1, state: "done" });
  await until(() => page.all(".jor-to-cell").length > 0, "the buttons");
  page.find(".jor-to-cell").click();
  await frame();
  assert.deepEqual([page.find(".jor-to-cell").textContent, clipboard.text, cells.length], ["copied; paste it into a cell", "a = 1", 2]);
  page.end();
});

test("without a notebook no button promises a cell", async () => {
  const page = new ChatPage({ messages: [question("q1"), CODE], version: 1, state: "done" });
  await frame();
  await frame();
  assert.deepEqual([page.all(".jor-code").length, page.all(".jor-to-cell").length], [3, 0]);
  page.end();
});

const failed = (act: string, more: object = {}) => ({ state: "failed", asking: "Why?", error: { type: "E", message: "It failed.", remedy: "Do this.", act, ...more } });

test("a missing key shows the line that signs in, and copies it", async () => {
  const page = new ChatPage(failed("key"));
  await frame();
  assert.equal(page.find(".jor-failure .jor-line").textContent, "%openrouter login");
  page.button("copy %openrouter login").click();
  await frame();
  assert.equal(clipboard.text, "%openrouter login");
  page.end();
});

test("missing credit shows the way to add some, in a page of its own", async () => {
  const page = new ChatPage(failed("credit"));
  await frame();
  const link = page.find<HTMLAnchorElement>(".jor-failure a");
  assert.deepEqual([link.href, link.target, link.rel], ["https://openrouter.ai/settings/credits", "_blank", "noopener noreferrer"]);
  page.end();
});

test("a wait counts down, and then the question can be asked again", async () => {
  let now = 1_790_000_000_000;
  mock.method(Date, "now", () => now);
  const page = new ChatPage(failed("wait", { until: now + 12_000 }));
  await frame();
  const again = page.find<HTMLButtonElement>(".jor-failure button");
  assert.deepEqual([again.disabled, again.textContent], [true, "Retry in 12 s"]);
  now += 7_000;
  await until(() => again.textContent === "Retry in 5 s", "counting");
  now += 5_000;
  await until(() => !again.disabled, "the end of the wait");
  assert.equal(again.textContent, "Retry");
  again.click();
  assert.deepEqual([page.last().type, page.last().turn], ["retry", ""]);
  assert.equal(page.find(".jor-question-text").textContent, "Why?");
  mock.restoreAll();
  page.end();
});

test("a failure goes away with the next question, and its countdown with it", async () => {
  const page = new ChatPage(failed("wait", { until: Date.now() + 1e6 }));
  await frame();
  page.host.set({ state: "waiting", error: null });
  await frame();
  assert.ok(page.all(".jor-failure").every((one) => one.hidden));
  page.end();
});

test("times to wait read well", () => {
  assert.deepEqual([900, 12_000, 75_000, 3 * 3_600_000 + 720_000].map(remaining), ["1 s", "12 s", "1 min 15 s", "3 h 12 min"]);
});

function lostKernel(page: ChatPage): Promise<void> {
  page.el.classList.add("jupyter-widgets-disconnected");
  page.view(page.el);
  return until(() => /kernel is gone/.test(page.find(".jor-gone-note").textContent ?? ""), "the note");
}

test("a chat whose kernel is gone says how it goes on: from its file, or anew", async () => {
  const saved = new ChatPage({ messages: [question("q1"), answer("a1")], version: 1, state: "done", saved: 'my "chat".json' });
  await frame();
  await lostKernel(saved);
  assert.match(saved.find(".jor-gone-note").textContent ?? "", /saved as my "chat"\.json/);
  saved.button("copy the line that loads the chat").click();
  await frame();
  assert.equal(clipboard.text, loadLines('my "chat".json'));
  assert.equal(clipboard.text, 'from jupyter_openrouter import ChatWidget\nChatWidget.load("my \\"chat\\".json")');
  assert.deepEqual(saved.texts().slice(0, 2), ["Question q1?", "Answer a1."]);
  assert.ok(saved.find(".jor-chat").classList.contains("jor-lost"));
  saved.end();
  const unsaved = new ChatPage({ messages: [question("q1"), answer("a1")], version: 1, state: "done" });
  await frame();
  await lostKernel(unsaved);
  assert.match(unsaved.find(".jor-gone-note").textContent ?? "", /Run the cell again for a new chat; the notebook file holds the transcript/);
  unsaved.end();
});

/** An output area as JupyterLab makes it. */
function outputs(...texts: string[]): { area: HTMLElement; children: HTMLElement[]; add(text: string): HTMLElement } {
  const area = document.body.appendChild(document.createElement("div"));
  area.className = "jp-OutputArea";
  const add = (text: string) => {
    const child = area.appendChild(document.createElement("div"));
    child.className = "jp-OutputArea-child";
    const drawn = child.appendChild(document.createElement("div"));
    drawn.className = "jp-OutputArea-output";
    drawn.append(text);
    return child;
  };
  return { area, children: texts.map(add), add };
}

const isHidden = (one: HTMLElement | undefined) => one?.style.display === "none";

test("the transcript in the notebook is hidden beside the chat, also what comes later, and comes back with its end", async () => {
  const { children, add } = outputs("", "", "", "Transcript of the chat above, for readers without a kernel\nQ", "Transcript, continued\nA", "", "another output", "Transcript, continued: not ours");
  const page = new ChatPage({ messages: [question("q1")], version: 1, state: "done" }, children[0]);
  await until(() => isHidden(children[1]), "hiding");
  assert.deepEqual(children.map(isHidden), [false, true, true, true, true, false, false, false]);
  children[6]?.remove();
  const late = add("");
  await frame();
  late.firstElementChild?.append("Transcript, continued\nlate");
  await until(() => isHidden(late), "hiding what came later");
  assert.ok(isHidden(children[7]));
  late.firstElementChild?.replaceChildren("something else now");
  await until(() => !isHidden(late), "showing what is no transcript any more");
  page.end();
  assert.ok([...children, late].every((one) => !isHidden(one)));
});

test("the transcript comes back when the kernel is gone", async () => {
  const { children } = outputs("", "Transcript of the chat above, for readers without a kernel");
  const page = new ChatPage({ messages: [question("q1")], version: 1, state: "done" }, children[0]);
  await until(() => isHidden(children[1]), "hiding");
  await lostKernel(page);
  await frame();
  assert.equal(isHidden(children[1]), false);
  page.end();
});

test("draft and place are kept for this tab, and what is not ours there is ignored", () => {
  const kept = new Map<string, string>();
  const where = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => void kept.set(name, value), removeItem: (name: string) => void kept.delete(name) };
  const place = { turn: "a1", offset: 40 };
  const files = [{ id: "u-1", name: "a.png", kind: "image", bytes: 9, whole: true }] as const;
  keep("m", { draft: "half a th", files, place }, where);
  assert.deepEqual(recall("m", where), { draft: "half a th", files, place });
  keep("m", { draft: "", files: [], place: null }, where);
  assert.equal(kept.size, 0);
  for (const odd of ["{", "null", "[]", '{"draft":1,"place":{"turn":1}}', '{"files":[{"id":1},null,"x"]}', '"x"']) {
    kept.set("jupyter_openrouter/chat/m", odd);
    assert.deepEqual(recall("m", where), { draft: "", files: [], place: null });
  }
  assert.deepEqual(recall("m", null), { draft: "", files: [], place: null });
});

test("a page that is loaded again has the draft", async () => {
  sessionStorage.setItem("jupyter_openrouter/chat/model-1", JSON.stringify({ draft: "half a th", place: null }));
  const page = chatIn({}, {});
  await until(() => page.find<HTMLTextAreaElement>("textarea").value === "half a th", "the draft");
  const box = page.find<HTMLTextAreaElement>("textarea");
  box.value = "half a thought";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.defaultView?.dispatchEvent(new Event("pagehide"));
  await frame();
  assert.equal(JSON.parse(sessionStorage.getItem("jupyter_openrouter/chat/model-1") ?? "{}").draft, "half a thought");
  sessionStorage.clear();
  page.end();
});

test("a request that nobody answers is made again with the same id, and a Stop is not", async () => {
  const page = new ChatPage({ messages: [question("q1"), answer("a1")], version: 1, state: "done" });
  await frame();
  mock.timers.enable({ apis: ["setTimeout"] });
  page.button("Retry").click();
  const [first] = page.sent("retry");
  mock.timers.tick(10_000);
  assert.deepEqual(page.sent("retry").map(({ id }) => id), [first?.id, first?.id]);
  page.host.message({ type: "ack", id: first?.id });
  mock.timers.tick(1_000_000);
  assert.equal(page.sent("retry").length, 2);
  page.host.set({ state: "streaming", asking: "Why?" });
  mock.timers.reset();
  await frame();
  mock.timers.enable({ apis: ["setTimeout"] });
  page.find(".jor-stop").click();
  mock.timers.tick(1_000_000);
  assert.equal(page.sent("stop").length, 1);
  mock.timers.reset();
  page.end();
});

test("without its part a chat shows its turns, the running one too, and can be stopped", async () => {
  const shelf = globalThis as unknown as Record<symbol, unknown>;
  const name = Symbol.for("jupyter_openrouter/chat/test-chat");
  const part = shelf[name];
  shelf[name] = { ready: new Promise(() => undefined), take: () => undefined };
  const page = new ChatPage({ messages: [question("q1", "a <b>?"), answer("a1", "**b**")], version: 1, state: "streaming", asking: "Why?", message: "Bec" });
  await until(() => page.all(".jor-text strong").length === 1, "the turns");
  assert.deepEqual(page.all(".jor-question").map((one) => one.textContent), ["a <b>?", "Why?"]);
  assert.ok(page.sent("part").some(({ part: asked }) => asked === "chat"));
  page.find(".jor-stop").click();
  assert.equal(page.sent("stop").length, 1);
  page.end();
  shelf[name] = part;
});

test("single keys typed into a question do not reach the host", async () => {
  const page = new ChatPage({ messages: [question("q1"), answer("a1")], version: 1, state: "done" });
  await frame();
  page.button("Edit the question").click();
  const box = page.find(".jor-edit textarea");
  assert.ok(box.closest("[data-lm-suppress-shortcuts=true]"));
  let heard = 0;
  document.body.addEventListener("keydown", () => heard++, { once: true });
  box.dispatchEvent(key("Escape"));
  assert.equal(heard, 0);
  page.end();
});
