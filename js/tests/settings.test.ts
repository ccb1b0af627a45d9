/** The settings of a chat: the model's own until set, checked in place, and sent as what was changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import "./page";
import { besides, changes, fieldsOf, wrong } from "../src/settings-form";
import { SettingsView } from "../src/view-settings";
import { settle, wire } from "./desk-doubles";

const OWN = fieldsOf("", {});

test("a field shows what is set, and the model's own where nothing or something else is", () => {
  assert.deepEqual(OWN, { system: "", temperature: "", max_tokens: "", reasoning: "", web: "" });
  const set = { temperature: 0, max_tokens: 100, reasoning: "low", web: false };
  assert.deepEqual(fieldsOf("Be brief.", set), { system: "Be brief.", temperature: "0", max_tokens: "100", reasoning: "low", web: "off" });
  assert.deepEqual(fieldsOf("", { temperature: "hot", reasoning: { effort: "low" }, web: { engine: "x" } }), OWN);
});

test("what Python set and no field shows is listed", () => {
  assert.deepEqual(besides({ temperature: 1, top_p: 0.9, reasoning: { effort: "low" }, seed: null, web: true }), [["top_p", "0.9"], ["reasoning", '{"effort":"low"}']]);
});

test("numbers that cannot be are named, with what can", () => {
  for (const temperature of ["-1", "2.1", "hot", "NaN", "Infinity"]) assert.equal(wrong({ ...OWN, temperature }).temperature, "a number from 0 to 2");
  for (const max_tokens of ["0", "1.5", "-3", "many", "1e10"]) assert.equal(wrong({ ...OWN, max_tokens }).max_tokens, "a whole number, 1 or more");
  assert.deepEqual(wrong({ ...OWN, temperature: " 0.5 ", max_tokens: "1" }), {});
});

test("only what was changed is sent, and what was emptied goes back to the model's own", () => {
  const before = fieldsOf("Be brief.", { temperature: 0.2, web: true });
  assert.deepEqual(changes(before, before), {});
  assert.deepEqual(changes(before, { ...before, system: "" }), { system: "" });
  assert.deepEqual(changes(before, { ...before, temperature: "", max_tokens: "50", reasoning: "high", web: "off" }), { params: { temperature: null, max_tokens: 50, reasoning: "high", web: false } });
  assert.deepEqual(changes(before, { ...before, temperature: " 0.2 " }), {});
});

function opened() {
  const life = new AbortController();
  const { all, carrier } = wire();
  const view = new SettingsView((request) => carrier.request(request), life.signal);
  const place = document.body.appendChild(document.createElement("div"));
  place.append(view.button, view.root);
  const field = (label: string) => {
    const found = Array.from(view.root.querySelectorAll("label")).find((one) => one.textContent?.startsWith(label));
    return view.root.querySelector(`#${found?.htmlFor}`) as HTMLInputElement;
  };
  const type = (label: string, text: string) => {
    field(label).value = text;
    field(label).dispatchEvent(new Event("input", { bubbles: true }));
  };
  const save = view.root.querySelector(".jor-save") as HTMLButtonElement;
  const end = () => {
    life.abort();
    place.remove();
  };
  return { view, all, field, type, save, end };
}

test("a wrong value is said at its field, and cannot be saved", () => {
  const { view, field, type, save, end } = opened();
  view.take("", {}, false);
  view.button.click();
  assert.equal(document.activeElement, field("System prompt"));
  type("Temperature", "3");
  const problem = view.root.querySelector(`#${field("Temperature").getAttribute("aria-describedby")}`);
  assert.deepEqual([problem?.textContent, field("Temperature").getAttribute("aria-invalid"), save.disabled], ["a number from 0 to 2", "true", true]);
  type("Temperature", "1");
  assert.deepEqual([problem?.textContent, save.disabled], ["", false]);
  end();
});

test("Save sends one message and closes; a refusal keeps what was typed, and says why", async () => {
  const { view, all, field, type, save, end } = opened();
  view.take("", {}, false);
  view.button.click();
  type("Max tokens", "100");
  save.click();
  assert.deepEqual(all.map(({ request }) => request), [{ type: "settings", params: { max_tokens: 100 } }]);
  all[0]?.answer("an answer is running");
  await settle();
  assert.deepEqual([view.root.hidden, field("Max tokens").value], [false, "100"]);
  assert.equal(view.root.querySelector("[role=status]")?.textContent, "Not saved: an answer is running");
  save.click();
  view.take("", { max_tokens: 100 }, false);
  all[1]?.answer(null);
  await settle();
  assert.deepEqual([view.root.hidden, save.disabled, document.activeElement], [true, true, view.button]);
  end();
});

test("Enter in a field saves", () => {
  const { view, all, field, type, end } = opened();
  view.take("", {}, false);
  type("Temperature", "1");
  field("Temperature").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  assert.deepEqual(all.map(({ request }) => request), [{ type: "settings", params: { temperature: 1 } }]);
  end();
});

test("what Python sets is shown at once, but not over what somebody has typed and not saved", () => {
  const { view, field, type, end } = opened();
  view.take("", {}, false);
  type("Temperature", "0.7");
  view.take("Be brief.", { temperature: 0.1, top_p: 0.5 }, false);
  assert.deepEqual([field("System prompt").value, field("Temperature").value], ["Be brief.", "0.7"]);
  assert.ok(view.button.classList.contains("jor-unsaved"));
  assert.match(view.root.querySelector(".jor-besides")?.textContent ?? "", /^Also set from Pythontop_p0\.5$/);
  (view.root.querySelector(".jor-settings-foot button") as HTMLButtonElement).click();
  assert.equal(field("Temperature").value, "0.1");
  end();
});

test("nothing can be saved when the kernel is gone", () => {
  const { view, type, save, end } = opened();
  view.take("", {}, true);
  type("Temperature", "1");
  assert.deepEqual([save.disabled, view.root.querySelector("[role=status]")?.textContent], [true, "The kernel is gone."]);
  end();
});
