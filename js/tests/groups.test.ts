/** Long tables and lists are one table and one list, in groups of rows and items that are the same however the text came. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../src/view-text";
import { strangers } from "./oracle";
import { feed, html, pieces, random, whole } from "./page";

const lines = (count: number, line: (at: number) => string) => Array.from({ length: count }, (_, at) => line(at)).join("\n");
const table = (count: number) => `| a | b |\n|---|---|\n${lines(count, (at) => `| row ${at} | **b** |`)}`;
const counts = (root: Element, selector: string, child: string) => Array.from(root.querySelectorAll(selector), (group) => group.querySelectorAll(`:scope > ${child}`).length);

const DOCUMENTS = {
  table: `${table(100)}\n\nAfter.`,
  "table in a quote": table(70).replace(/^/gm, "> "),
  list: `${lines(100, (at) => `- item ${at}`)}\n\nAfter.`,
  "loose list": lines(70, (at) => `- item ${at}\n`),
  "numbers from seven": lines(100, (at) => `${at + 7}. item ${at}`),
  "list in an item": `- outer\n${lines(70, (at) => `  1. item ${at}`)}\n- next`,
  "at the edge": `${lines(32, (at) => `- item ${at}`)}\n\n${table(32)}`,
  "list that ends at the edge": `${lines(32, (at) => `- item ${at}`)}\n---`,
};

for (const [name, text] of Object.entries(DOCUMENTS)) {
  test(`${name}: every split ends in the same page, with nothing strange in it`, () => {
    const root = whole(text);
    assert.deepEqual(strangers(root), []);
    for (const parts of [text, pieces(text, random(2), 9), pieces(text, random(3), 700)]) assert.equal(html(feed(parts)), html(root));
  });
}

test("the rows of a long table are in groups, and in one table", () => {
  const root = whole(DOCUMENTS.table);
  assert.equal(root.querySelectorAll("table, thead").length, 2);
  assert.deepEqual(counts(root, "tbody", "tr"), [32, 32, 32, 4]);
});

test("the items of a long list are in groups behind the first, and in one list", () => {
  const root = whole(DOCUMENTS.list);
  assert.equal(root.querySelectorAll("ul").length, 1);
  assert.deepEqual(counts(root, "ul, .jor-items", "li"), [32, 32, 32, 4]);
});

test("numbers go on from group to group", () => {
  const root = whole(DOCUMENTS["numbers from seven"]);
  assert.deepEqual(Array.from(root.querySelectorAll("li[value]"), (item) => `${item.getAttribute("value")} ${item.textContent}`), ["39 item 32", "71 item 64", "103 item 96"]);
});

test("a short table and a short list have no groups", () => {
  const root = whole(DOCUMENTS["at the edge"]);
  assert.deepEqual([root.querySelectorAll(".jor-items").length, root.querySelectorAll("tbody").length], [0, 1]);
});

test("the text of a long list has every number", () => {
  const root = whole(DOCUMENTS["numbers from seven"]);
  const text = textOf(root, { code: () => "", formula: () => "" });
  assert.equal(text, DOCUMENTS["numbers from seven"]);
});
