/** The figures of a footer: what is unknown is left out or called so, never 0. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cost, duration, tokenCount, totalParts } from "../src/figures";
import { speedOf, turnFigures } from "../src/turn-figures";
import type { Turn } from "../src/protocol";

const footerParts = (turn: Turn) => turnFigures(turn).map(({ text }) => text);

test("costs are written with two digits that count", () => {
  assert.deepEqual([1.5, 0.125, 0.00123, 0.000012, 1e-9, 0, 12.345].map(cost), ["$1.50", "$0.13", "$0.0012", "$0.000012", "< $0.000001", "free", "$12.35"]);
});

test("what is unknown is not written", () => {
  assert.deepEqual([cost(undefined), cost(null), cost(Number.NaN), duration(null), tokenCount(undefined)], ["", "", "", "", ""]);
});

test("durations and tokens read well", () => {
  assert.deepEqual([duration(0.04), duration(4.21), duration(75.5)], ["0.0 s", "4.2 s", "1 min 15 s"]);
  assert.deepEqual([tokenCount(1), tokenCount(0), tokenCount(12345.4)], ["1 token", "0 tokens", "12,345 tokens"]);
});

test("a footer names model, provider, tokens, cost, seconds and finish reason in this order", () => {
  const usage = { prompt_tokens: 1204, completion_tokens: 412, cost: 0.00123 };
  const turn = { role: "assistant" as const, content: "", state: "done" as const, model: "m/x", provider: "P", usage, seconds: 4.2, finish_reason: "stop" };
  assert.deepEqual(footerParts(turn), ["m/x", "P", "1,204 \u2192 412 tokens", "$0.0012", "4.2 s", "stop"]);
});

test("a footer with gaps says unknown, and gives no reason that the model did not give", () => {
  assert.deepEqual(footerParts({ role: "assistant", content: "", state: "stopped", usage: { completion_tokens: 3 } }), ["unknown \u2192 3 tokens", "cost unknown", "stopped"]);
  assert.deepEqual(footerParts({ role: "assistant", content: "" }), []);
});

test("a footer says whom it asked first, how fast it was, and the provider's own word where that is another", () => {
  const turn: Turn = { role: "assistant", content: "", model: "m/x", requested_model: "m/y", tried: ["m/y: 503 overloaded"], speed: 97.9, finish_reason: "stop", native_finish_reason: "end_turn" };
  assert.deepEqual(footerParts(turn), ["m/x", "instead of m/y", "98 tokens/s", "stop (end_turn)"]);
  assert.equal(turnFigures(turn)[1]?.title, "tried m/y: 503 overloaded");
  assert.deepEqual(footerParts({ role: "assistant", content: "", model: "m", requested_model: "m", tried: ["A: 503", "B: 502"], finish_reason: "stop", native_finish_reason: "stop" }), ["m", "after 2 failed tries", "stop"]);
  assert.deepEqual([speedOf(3.21), speedOf(0), speedOf(undefined)], ["3.2 tokens/s", "", ""]);
});

test("what nobody pays is said to be so, in a footer and in the sum, and is no part of what was paid", () => {
  const turn: Turn = { role: "assistant", content: "x", model: "demo/echo", usage: { prompt_tokens: 1, completion_tokens: 2, cost: 0.004 }, uncharged: true };
  assert.deepEqual(footerParts(turn), ["demo/echo", "1 \u2192 2 tokens", "$0.004"]);
  assert.equal(turnFigures(turn)[2]?.title, "not charged");
  assert.deepEqual(totalParts({ prompt_tokens: 1, completion_tokens: 2, cost: 0, uncharged: 0.004 }), ["1 \u2192 2 tokens", "$0.004 (not charged)"]);
  assert.deepEqual(totalParts({ prompt_tokens: 1, completion_tokens: 2, cost: 0.5, uncharged: 0.004 }), ["1 \u2192 2 tokens", "$0.50", "$0.004 (not charged)"]);
  assert.deepEqual(totalParts({ prompt_tokens: 1, completion_tokens: 2, cost: 0 }), ["1 \u2192 2 tokens", "free"]);
});
