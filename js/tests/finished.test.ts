/** What is finished is left alone, at every level; and long nested documents end in the same page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTS } from "./documents";
import { nestedDocument } from "./nested";
import { feed, html, pieces, random, whole } from "./page";
import { GrowingMarkdown } from "../src/markdown";

const LEAVES = "p,h1,h2,h3,h4,h5,h6,tr,hr,.jor-chunk,.jor-html,div.jor-math";
/** The unfinished end: the text that is open, and what the unfinished line makes of it. */
const OPEN = 2;

/** Feeds a text and fails when anything in front of its unfinished end is added, removed, moved or changed. */
function assertLeftAlone(parts: Iterable<string>): number {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  const observer = new MutationObserver(() => undefined);
  observer.observe(root, { childList: true, subtree: true, characterData: true });
  let finished = new Set<Node>();
  let seen = 0;
  const look = () => {
    for (const { type, target, addedNodes, removedNodes } of observer.takeRecords()) {
      const changed = type === "characterData" ? [target.parentNode ?? target] : [...addedNodes, ...removedNodes];
      for (const node of changed) {
        const leaf = (node instanceof Element ? node : node.parentElement)?.closest(LEAVES);
        const inside = node instanceof Element ? node.querySelectorAll(LEAVES) : [];
        for (const at of [node, ...(leaf ? [leaf] : []), ...inside]) assert.ok(!finished.has(at), `touched again: ${at.textContent?.slice(0, 80)}`);
      }
    }
    const leaves = Array.from(root.querySelectorAll(LEAVES)).slice(0, -OPEN);
    seen = leaves.length;
    finished = new Set(leaves);
  };
  for (const part of parts) {
    markdown.append(part);
    markdown.update();
    look();
  }
  markdown.finish();
  while (markdown.update());
  look();
  return seen;
}

/** Definitions and notes that come late change finished text, as they should. */
const late = (text: string) => /\]\[|\[\^|\[[\w ]+\]:|^\[[^\]]*\n/m.test(text) || /\[r\]|\[x\d\]/.test(text);

for (const [name, text] of Object.entries(DOCUMENTS)) {
  if (late(text)) continue;
  test(`${name}: what is finished is not touched again`, () => {
    assertLeftAlone(text);
    assertLeftAlone(pieces(text, random(5), 9));
  });
}

test("finished rows of a table are not touched again", () => {
  const text = "> | a | b |\n> | - | - |\n" + Array.from({ length: 150 }, (_, at) => `> | row ${at} | **b** |\n`).join("");
  assert.ok(assertLeftAlone(pieces(text, random(1), 9)) > 140);
});

test("finished items, and blocks within an item, are not touched again", () => {
  const text = Array.from({ length: 60 }, (_, at) => `- item ${at}\n\n  > quoted *text*\n\n  1. inner\n  2. inner\n`).join("");
  assert.ok(assertLeftAlone(pieces(text, random(2), 9)) > 200);
});

test("finished lines of an open fence in an item are not touched again", () => {
  const text = "1. text\n   > ```py\n" + Array.from({ length: 400 }, (_, at) => `   > line ${at}\n`).join("");
  assert.ok(assertLeftAlone(pieces(text, random(3), 30)) > 5);
});

test("a list that turns loose late keeps its items", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  const grow = (text: string) => {
    markdown.append(text);
    markdown.update();
  };
  grow("- a\n- b\n- c");
  const before = Array.from(root.querySelectorAll("li, p"));
  assert.equal(root.querySelector("ul")?.className, "jor-tight");
  grow("\n\n- d\n");
  assert.equal(root.querySelector("ul")?.className, "jor-loose");
  assert.deepEqual(Array.from(root.querySelectorAll("li, p")).slice(0, before.length), before);
});

test("each item of a long list is made once", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  const made = (run: () => void) => {
    const before = document.createElement;
    let count = 0;
    document.createElement = ((tag: string) => {
      count++;
      return before.call(document, tag);
    }) as never;
    run();
    document.createElement = before;
    return count;
  };
  const grow = (from: number) => () => {
    for (let at = from; at < from + 50; at++) {
      markdown.append(`- item **${at}**\n`);
      markdown.update();
    }
  };
  const first = made(grow(0));
  for (let round = 1; round < 12; round++) grow(round * 50)();
  assert.ok(made(grow(600)) <= first + 5, "later items cost no more elements than early ones");
});

for (const [seed, length] of [
  [11, 20_000],
  [12, 20_000],
  [13, 60_000],
  [14, 200_000],
] as const) {
  test(`a nested document of ${length} characters (${seed}) ends in the same page in random pieces`, () => {
    const text = nestedDocument(random(seed), length);
    const expected = html(whole(text));
    assert.equal(html(feed(pieces(text, random(seed + 1), 400))), expected);
    if (length < 50_000) assert.equal(html(feed(pieces(text, random(seed + 2), 30))), expected);
  });
}
