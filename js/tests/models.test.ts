/** The list of models: searched by words, greyed where a model cannot serve, and open for any slug. */
import assert from "node:assert/strict";
import { test } from "node:test";
import "./page";
import { Catalogue } from "../src/catalogue";
import { neededModalities } from "../src/desk";
import { abilities, closeness, contextSize, found, prices, unfit } from "../src/model-list";
import type { ModelCard } from "../src/protocol";
import { ModelPicker } from "../src/view-picker";
import { settle } from "./desk-doubles";

const model = (slug: string, name = slug, more: Partial<ModelCard> = {}): ModelCard => ({ slug, name, takes: ["text"], gives: ["text"], ...more });
const GPT = model("openai/gpt-4:free", "OpenAI: GPT-4 (free)", { context: 8191, prompt: 30, completion: 60 });
const OPUS = model("anthropic/claude-opus-5", "Anthropic: Claude Opus 5", { takes: ["text", "image"], context: 1_000_000, reasoning: true });
const TOUR = model("demo/tour", "Demo: a tour", { prompt: 0, completion: 0 });
const NONE = new Set<string>();

test("a model is near as its slug, its short name, its beginnings and its words are", () => {
  const near = ["openai/gpt-4:free", "gpt-4", "gpt", "openai gp", "pt 4", "llama"].map((query) => closeness(GPT, query));
  assert.deepEqual(near, [0, 1, 2, 3, 4, 5]);
});

test("a search keeps the order of the list among equals, and puts what cannot serve last", () => {
  const list = [TOUR, GPT, OPUS];
  assert.deepEqual(found(list, " ", NONE), list);
  assert.deepEqual(found(list, " OPUS  claude ", NONE), [OPUS]);
  assert.deepEqual(found(list, "", new Set(["image"])), [OPUS, TOUR, GPT]);
  assert.deepEqual(found(list, "zebra", NONE), []);
});

test("a model that takes no images says so, and one of which it is unknown may serve", () => {
  assert.equal(unfit(GPT, new Set(["image", "audio"])), "takes no images and no sound");
  assert.deepEqual([unfit(OPUS, new Set(["image"])), unfit(model("a/b", "b", { takes: [] }), new Set(["image"]))], ["", ""]);
});

test("what is attached to the draft and to earlier turns decides what a model must take", () => {
  const turns = [{ role: "user" as const, content: "", attachments: [{ kind: "audio" as const, name: "a", mime: "", bytes: 1 }, { kind: "file" as const, name: "b", mime: "", bytes: 1 }] }];
  assert.deepEqual([...neededModalities([{ kind: "image" }], turns)], ["image", "audio"]);
});

test("prices, context and abilities are written short, and what is unknown is left out", () => {
  const priced = [GPT, TOUR, OPUS, model("a/b", "b", { prompt: 0.0375, completion: 0.001 }), model("a/b", "b", { prompt: 2.5 })].map(prices);
  assert.deepEqual(priced, ["$30 \u2192 $60", "free", "", "$0.04 \u2192 $0.001", "$2.50 \u2192 ?"]);
  assert.deepEqual([8191, 128_000, 1_048_576, 1_500_000, 512, undefined].map(contextSize), ["8k", "128k", "1M", "1.5M", "512", ""]);
  assert.deepEqual(abilities(OPUS), ["1M context", "takes images", "reasoning"]);
});

test("a list is asked for once, again when it failed, and hostile entries in it are left out", async () => {
  let [asked, error] = [0, { type: "E", message: "no network" } as { type: string; message: string } | null];
  const catalogue = new Catalogue(() => Promise.resolve({ models: (asked++ ? [GPT, null, { slug: 7 }, { slug: "a/b", takes: "image" }] : []) as never, error }));
  catalogue.open();
  catalogue.open();
  await settle();
  assert.deepEqual([asked, catalogue.error?.message, catalogue.models], [1, "no network", []]);
  error = null;
  catalogue.open();
  await settle();
  catalogue.open();
  assert.deepEqual([asked, catalogue.error, catalogue.models.map(({ slug, name, takes }) => [slug, name, takes])], [2, null, [["openai/gpt-4:free", GPT.name, ["text"]], ["a/b", "a/b", []]]]);
});

function opened(models: ModelCard[] = [TOUR, GPT, OPUS], error: { type: string; message: string; remedy: string } | null = null) {
  const life = new AbortController();
  const picker = new ModelPicker(new Catalogue(() => Promise.resolve({ models, error })), life.signal);
  const anchor = document.createElement("button");
  const place = document.body.appendChild(document.createElement("div"));
  place.append(anchor, picker.root);
  anchor.focus();
  const field = picker.root.querySelector("input") as HTMLInputElement;
  const rows = () => Array.from(picker.root.querySelectorAll<HTMLElement>("[role=option]"));
  const active = () => picker.root.querySelector(`#${field.getAttribute("aria-activedescendant")}`)?.querySelector(".jor-option-name")?.textContent;
  const type = (text: string) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const press = (key: string, more: object = {}) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
    field.dispatchEvent(event);
    return event;
  };
  const end = () => {
    life.abort();
    place.remove();
  };
  return { picker, anchor, field, rows, active, type, press, end };
}

test("the picker is a combobox: the focus stays in the field, the keys move through the list and choose", async () => {
  const { picker, anchor, field, rows, active, press, end } = opened();
  const chosen = picker.choose(anchor, { current: GPT.slug });
  await settle();
  assert.deepEqual([document.activeElement, field.getAttribute("role"), anchor.getAttribute("aria-expanded"), rows().length], [field, "combobox", "true", 3]);
  assert.equal(active(), "OpenAI: GPT-4 (free)");
  assert.ok(rows()[1]?.classList.contains("jor-current"));
  press("ArrowDown");
  assert.deepEqual([active(), rows().map((row) => row.getAttribute("aria-selected"))], ["Anthropic: Claude Opus 5", ["false", "false", "true"]]);
  press("ArrowDown");
  assert.equal(active(), "Demo: a tour");
  press("ArrowUp");
  assert.equal(press("Enter").defaultPrevented, true);
  assert.equal(await chosen, OPUS.slug);
  assert.deepEqual([picker.root.hidden, document.activeElement, anchor.getAttribute("aria-expanded")], [true, anchor, "false"]);
  end();
});

test("when the list is opened again one row is the active one, not also those that were", async () => {
  const { picker, anchor, rows, press, end } = opened();
  for (const current of [GPT.slug, OPUS.slug, GPT.slug]) {
    void picker.choose(anchor, { current });
    await settle();
    assert.equal(rows().filter((row) => row.getAttribute("aria-selected") === "true").length, 1);
    press("Escape");
  }
  end();
});

test("Esc closes the picker, chooses nothing, and does not reach what is around it", async () => {
  const { picker, anchor, press, end } = opened();
  let heard = 0;
  picker.root.parentElement?.addEventListener("keydown", () => heard++);
  const chosen = picker.choose(anchor, { current: "" });
  press("Escape");
  assert.deepEqual([await chosen, document.activeElement, heard], [null, anchor, 0]);
  end();
});

test("any slug that is typed can be chosen, and an input method's Enter chooses nothing", async () => {
  const { picker, anchor, rows, type, press, end } = opened();
  const chosen = picker.choose(anchor, { current: "" });
  await settle();
  type("me/my-own");
  assert.deepEqual(rows().map((row) => row.querySelector(".jor-option-name")?.textContent), ["Use \u201cme/my-own\u201d"]);
  press("Enter", { isComposing: true });
  assert.equal(picker.root.hidden, false);
  press("Enter");
  assert.equal(await chosen, "me/my-own");
  end();
});

test("a model that cannot serve what is attached is grey, says why, and is not chosen", async () => {
  const { picker, anchor, rows, active, end } = opened();
  let chosen: string | null = "";
  void picker.choose(anchor, { current: GPT.slug, needed: new Set(["image"]) }).then((slug) => (chosen = slug));
  await settle();
  assert.deepEqual(rows().map((row) => row.getAttribute("aria-disabled")), ["false", "true", "true"]);
  assert.equal(active(), "Anthropic: Claude Opus 5");
  rows()[1]?.click();
  await settle();
  assert.deepEqual([chosen, picker.root.hidden, rows()[1]?.querySelector(".jor-option-reason")?.textContent], ["", false, "takes no images"]);
  assert.match(picker.root.querySelector("[role=status]")?.textContent ?? "", /demo\/tour takes no images/);
  rows()[0]?.click();
  await settle();
  assert.equal(chosen, OPUS.slug);
  end();
});

test("a list that did not come says why, and a slug can be typed all the same", async () => {
  const { picker, anchor, type, press, end } = opened([], { type: "E", message: "No network\u202e.", remedy: "Try again." });
  const chosen = picker.choose(anchor, { current: "" });
  await settle();
  assert.equal(picker.root.querySelector("[role=status]")?.textContent, "No network\ufffd. Try again.");
  assert.equal(picker.root.querySelector<HTMLElement>(".jor-link-button")?.hidden, false);
  type("openai/gpt-4");
  press("Enter");
  assert.equal(await chosen, "openai/gpt-4");
  end();
});

test("a view that goes closes its picker, and nothing is left waiting", async () => {
  const { picker, anchor, end } = opened();
  const chosen = picker.choose(anchor, { current: "" });
  end();
  assert.equal(await chosen, null);
});
