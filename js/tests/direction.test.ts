/** Which way a block is read: set by us, since the browser's own way of finding it costs the square of the length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTS } from "./documents";
import { feed, whole } from "./page";

function block(text: string): HTMLElement {
  return whole(text).querySelector(".jor-section > *") as HTMLElement;
}

test("the first letter decides, not digits or signs before it", () => {
  const directions = ["Hello \u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd hello", "1. 42 \u2014 \u0645\u0631\u062d\u0628\u0627", "123", "\u4f60\u597d \u05e9", "\u0661\u0662 abc", "**\u{1e900}** x"];
  assert.deepEqual(directions.map((text) => block(text).dir), ["ltr", "rtl", "rtl", "", "ltr", "ltr", "rtl"]);
});

test("no block leaves its direction to the browser", () => {
  for (const [name, text] of Object.entries(DOCUMENTS)) {
    const root = feed(text, (page) => assert.equal(page.querySelector('[dir="auto"]'), null, name));
    for (const node of root.querySelectorAll(".jor-section > *")) assert.match(node.getAttribute("dir") ?? "", /^(ltr|rtl|)$/, name);
  }
});

test("a block whose direction comes late keeps its node", () => {
  const nodes = new Set<Element | null>();
  const root = feed(["(7)", " + 8", " = ", "\u05e9\u05dc\u05d5\u05dd"], (page) => nodes.add(page.querySelector("p")));
  assert.equal(nodes.size, 1);
  assert.equal(root.querySelector("p")?.dir, "rtl");
});
