/** The growing Markdown: every cut of every document ends in the same page, and finished blocks are not touched. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTS } from "./documents";
import { feed, html, pieces, random, whole } from "./page";
import { GrowingMarkdown } from "../src/markdown";

for (const [name, text] of Object.entries(DOCUMENTS)) {
  test(`${name}: ends in the same page however it is cut`, () => {
    const expected = html(whole(text));
    assert.equal(html(feed(text)), expected, "character by character");
    const units = Array.from({ length: text.length }, (_, at) => text[at] as string);
    assert.equal(html(feed(units)), expected, "UTF-16 unit by unit");
    for (const size of [3, 8]) {
      assert.equal(html(feed(text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])), expected, `pieces of ${size}`);
    }
    for (let seed = 1; seed <= 4; seed++) {
      const next = random(seed);
      assert.equal(html(feed(pieces(text, next, 40))), expected, `pieces of seed ${seed}`);
    }
  });

  test(`${name}: ends in the same page wherever it is cut in two`, () => {
    const expected = html(whole(text));
    for (let cut = 1; cut < text.length; cut += text.length > 500 ? 7 : 1) {
      assert.equal(html(feed([text.slice(0, cut), text.slice(cut)])), expected, `cut at ${cut}`);
    }
  });
}

test("documents made of random parts end in the same page however they are cut", () => {
  const parts = Object.values(DOCUMENTS).filter((text) => text.length < 400);
  const glue = ["", "\n", "\n\n", "  ", "\n> ", "\n- ", "\n1. ", "\n    "];
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed * 7919);
    const pick = <T>(from: T[]): T => from[Math.floor(next() * from.length)] as T;
    const text = Array.from({ length: 4 }, () => pick(parts).slice(0, 5 + Math.floor(next() * 120)) + pick(glue)).join("");
    const expected = html(whole(text));
    assert.equal(html(feed(text)), expected, JSON.stringify(text));
    assert.equal(html(feed(pieces(text, next, 9))), expected, JSON.stringify(text));
  }
});

test("lines of random syntax end in the same page however they are cut", () => {
  const bits = ["-", "  ", "\n", "\n", "\n\n", "a", "b ", "| ", "|-|", "---", "===", "> ", "1. ", "```", "`", "*", "**", "[a]", "[a]: ", "/u", '"', "'t'", "(", ")", "#", "    ", "\t", "$$", "\\[", "\\]", "~~~", "<b>", "<div>", "<!--", "[^1]", "[^1]: ", "[!NOTE]", "[a][b]", "www.x.example", "@x.example", "$", "~~", "\\", "!", ":", "http://x.example"];
  for (let seed = 1; seed <= 1200; seed++) {
    const next = random(seed * 104729);
    const text = Array.from({ length: 4 + Math.floor(next() * 26) }, () => bits[Math.floor(next() * bits.length)]).join("");
    const expected = html(whole(text));
    assert.equal(html(feed(text)), expected, `${seed} ${JSON.stringify(text)}`);
  }
});

test("a finished block keeps its nodes while more text comes", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  const grow = (text: string) => {
    markdown.append(text);
    markdown.update();
  };
  grow("first **block**\n\nsecond\n\nthird\nline\n");
  const first = root.querySelector("p");
  const strong = root.querySelector("strong");
  for (const piece of "\n\n# more\n\n- and\n- more\n\n```\ncode\n```\n\nend") grow(piece);
  markdown.finish();
  markdown.update();
  assert.equal(root.querySelector("p"), first);
  assert.equal(root.querySelector("strong"), strong);
});

test("a paragraph that grows keeps the text node that a reader may have selected", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append("Some text");
  markdown.update();
  const node = root.querySelector("p")?.firstChild;
  for (const piece of [" that", " grows", " and **gro", "ws** on"]) {
    markdown.append(piece);
    markdown.update();
  }
  assert.equal(root.querySelector("p")?.firstChild, node);
});

test("little is shown and taken back while syntax is not decided", () => {
  const cases = ["a **bold** word", "a [link](http://a.example/long/path) end", "Here:\n- item\n- two", "x `code` y", "text\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", "a ~~gone~~ b", "```py\nx\n```\nend", "a ![alt](http://a.example/i.png) b", "see <https://a.example/x> ok", "1. one\n2. two\n\nText", "a &amp; b &lt; c", "[r]: http://a.example\n\n[r]", "*a* and **b** and ***c*** d"];
  let retracted = 0;
  for (const text of cases) {
    let before = "";
    feed(text, (root) => {
      const now = (root.textContent ?? "").replace(/\s+/g, " ");
      let same = 0;
      while (same < before.length && before[same] === now[same]) same++;
      retracted += before.length - same;
      before = now;
    });
  }
  assert.ok(retracted <= 10, `${retracted} characters were taken back`);
});

test("a heading never flashes up from a list that begins", () => {
  feed("Here is a list:\n- item\n- more\n", (root) => assert.equal(root.querySelector("h1,h2"), null));
});

test("a long text is built in portions and ends the same", () => {
  const text = Object.values(DOCUMENTS).join("\n\n");
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append(text);
  markdown.finish();
  let rounds = 0;
  while (markdown.update(500)) rounds++;
  assert.ok(rounds > 5);
  assert.equal(html(root), html(whole(text)));
});

test("the open end of a long fence is appended to, not built anew", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append("```py\nfirst = 1\nsecond = 2\n");
  markdown.update();
  const chunk = root.querySelector(".jor-chunk");
  for (let at = 0; at < 500; at++) {
    markdown.append(`line ${at}\n`);
    markdown.update();
  }
  assert.equal(root.querySelector(".jor-chunk"), chunk);
  assert.equal(root.querySelectorAll(".jor-chunk").length, 11);
});

test("a partial line inside a fence waits when it may be the closing one", () => {
  feed("```\na\n```\nb", (root) => assert.ok(!/`/.test(root.textContent ?? ""), root.textContent ?? ""));
});

test("slow parses are spaced, and the end is exact all the same", () => {
  let clock = 0;
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => (clock += 5) });
  let left = 0;
  const text = "one line of many in **one** paragraph\n".repeat(60);
  for (const piece of pieces(text, random(3), 12)) {
    markdown.append(piece);
    if (markdown.update()) left++;
  }
  assert.ok(left > 50);
  markdown.finish();
  while (markdown.update());
  assert.equal(html(root), html(whole(text)));
});

test("a long paragraph that comes at once is read from its start a few times only", () => {
  const text = "some **bold** words ".repeat(3000);
  const real = document.createElement;
  const count = (run: () => void) => {
    let made = 0;
    document.createElement = ((tag: string) => (made++, real.call(document, tag))) as never;
    run();
    document.createElement = real;
    return made;
  };
  const atOnce = count(() => void whole(text));
  const markdown = new GrowingMarkdown(document.createElement("div"), { now: () => 0 });
  const inSteps = count(() => {
    markdown.append(text);
    while (markdown.update(2000));
  });
  assert.ok(inSteps < 4 * atOnce, `${inSteps} elements instead of ${atOnce}`);
});

test("flags are shown whole however they come, and tag characters elsewhere are made visible", () => {
  const flags = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
  const text = `${flags} **${flags}**\n\n    ${flags}\n`;
  for (const root of [whole(text), feed(text), feed(pieces(text, random(4), 3))]) {
    assert.deepEqual(Array.from(root.querySelectorAll("p, code"), (node) => node.textContent?.trim()), [`${flags} ${flags}`, flags]);
  }
  assert.equal(whole("a\u{e0067}\u{e0062}\u{1f3f4}\u{e0062}\u{e007f}").textContent, "a\ufffd\ufffd\u{1f3f4}\ufffd\ufffd");
});
