/** What GitHub's Markdown adds: footnotes, bare addresses, call-outs, tasks and tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, html, whole } from "./page";
import { GrowingMarkdown } from "../src/markdown";

const links = (text: string) => Array.from(whole(text).querySelectorAll("a"), (link) => [link.textContent, link.getAttribute("href")]);
const marks = (root: HTMLElement) => Array.from(root.querySelectorAll(".jor-mark"), (mark) => mark.textContent);
const notes = (root: HTMLElement) => Array.from(root.querySelectorAll(".jor-notes li"), (note) => [(note as HTMLLIElement).value, note.querySelector(".jor-note-text")?.textContent]);

test("footnotes are numbered by first use and stand at the end", () => {
  const root = whole("One[^b], two[^a], one[^b].\n\n[^a]: The *second*.\n[^unused]: never\n\nEnd.\n\n[^b]: The first.\n");
  assert.deepEqual(marks(root), ["1", "2", "1"]);
  assert.deepEqual(notes(root), [[1, "The first."], [2, "The second."]]);
  assert.equal(root.lastElementChild?.className, "jor-notes");
});

test("a footnote without a note is text when the answer has ended, and a number until then", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append("A[^1] b[^2] [^a-z] c\n\n[^2]: Two\n\n");
  markdown.update();
  assert.deepEqual(marks(root), ["1", "2", "[^a-z]"]);
  assert.deepEqual(notes(root), [[2, "Two"]]);
  markdown.finish();
  markdown.update();
  assert.deepEqual(marks(root), ["[^1]", "1", "[^a-z]"]);
  assert.deepEqual(notes(root), [[1, "Two"]]);
});

test("half a footnote is not shown", () => {
  feed("A claim[^12] here\n\n[^12]: The note\n", (root) => assert.ok(!/\[|\^|:/.test(root.textContent ?? ""), root.textContent ?? ""));
});

test("a footnote leads to its note and back, without an id or an address", () => {
  const root = whole("A[^x].\n\n[^x]: Note.\n");
  document.body.append(root);
  root.querySelector<HTMLButtonElement>(".jor-mark-link")?.click();
  assert.equal(document.activeElement, root.querySelector(".jor-note-back"));
  root.querySelector<HTMLButtonElement>(".jor-note-back")?.click();
  assert.equal(document.activeElement, root.querySelector(".jor-mark-link"));
  assert.ok(!/ (id|href|name)=/.test(html(root)));
  root.remove();
});

test("bare addresses end where a sentence goes on", () => {
  assert.deepEqual(links("See https://a.example/x_y_z, (http://b.example/c(d)) or www.e.example."), [
    ["https://a.example/x_y_z", "https://a.example/x_y_z"],
    ["http://b.example/c(d)", "http://b.example/c(d)"],
    ["www.e.example", "http://www.e.example"],
  ]);
  assert.deepEqual(links("https://a.example/?q=1&copy; **https://b.example** 'https://c.example'"), [
    ["https://a.example/?q=1", "https://a.example/?q=1"],
    ["https://b.example", "https://b.example"],
    ["https://c.example", "https://c.example"],
  ]);
});

test("what only looks like an address is none", () => {
  assert.deepEqual(links("xhttps://a.example awww.b.example https:// www. http://user@c.example `https://d.example` a@b @c.d"), []);
  assert.deepEqual(links("[see https://a.example](https://b.example)").map(([, href]) => href), ["https://b.example"]);
});

test("a bare mail address is a link", () => {
  assert.deepEqual(links("Write to a.b+c@d.example, or _e@f.example_."), [
    ["a.b+c@d.example", "mailto:a.b+c@d.example"],
    ["e@f.example", "mailto:e@f.example"],
  ]);
});

test("a call-out has its kind as a name and no mark", () => {
  const root = whole("> [!WARNING]\n> Mind the *gap*.\n\n> [!nothing]\n> x\n");
  const [first, second] = root.querySelectorAll("blockquote");
  assert.equal(first?.className, "jor-alert jor-alert-warning");
  assert.deepEqual(Array.from(first?.children ?? [], (node) => node.textContent), ["Warning", "Mind the gap."]);
  assert.equal(second?.textContent, "[!nothing]\nx");
});

test("tasks show whether they are done", () => {
  const items = Array.from(whole("- [ ] open\n- [x] done\n- [X]done\n\n  [x] not the first\n").querySelectorAll("p"), (node) => node.textContent);
  assert.deepEqual(items, ["\u2610 open", "\u2611 done", "[X]done", "[x] not the first"]);
});

test("a table's rows are cut or filled to its columns, and a pipe behind a backslash is text", () => {
  const rows = Array.from(whole("| a | b |\n|:-|-:|\n| 1 \\| x | 2 | 3 |\n| 4\n").querySelectorAll("tr"), (row) => Array.from(row.children, (cell) => `${cell.className} ${cell.textContent}`));
  assert.deepEqual(rows, [
    ["jor-left a", "jor-right b"],
    ["jor-left 1 | x", "jor-right 2"],
    ["jor-left 4", "jor-right "],
  ]);
});

test("short rows are filled up with a bounded number of cells", () => {
  const root = whole(`${"|a".repeat(1000)}|\n${"|-".repeat(1000)}|\n${"|x\n".repeat(1000)}`);
  assert.ok(root.querySelectorAll("td").length <= 66_536);
  assert.equal(root.textContent?.match(/x/g)?.length, 1000);
});

test("a price is no formula, and a half formula shows its source", () => {
  assert.equal(whole("$5 and $10, or $x$").querySelectorAll(".jor-math").length, 1);
  const shown: string[] = [];
  feed("so \\(a*b*c\\) holds", (root) => shown.push(root.textContent ?? ""));
  for (const text of shown) assert.ok("so \\(a*b*c\\) holds".startsWith(text.trimEnd()), text);
});

test("a formula keeps its element while the text around it grows", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append("a $x^2$ b");
  markdown.update();
  const formula = root.querySelector(".jor-math") as HTMLElement;
  // As a renderer would that has put something else into it.
  formula.replaceChildren(document.createElement("b"));
  for (const piece of [" c", " **d", "** e\n\nend"]) {
    markdown.append(piece);
    markdown.update();
  }
  assert.equal(root.querySelector(".jor-math"), formula);
  assert.equal(formula.innerHTML, "<b></b>");
});

test("a list runs the way of its first letter, whatever comes later", () => {
  const direction = (text: string) => whole(text).querySelector("ul, .jor-table")?.getAttribute("dir") ?? null;
  assert.deepEqual(["- 1\n- \u05d0\n- b", "- b\n- \u05d0", "- 1", "|\u0645|\n|-|\n|b|"].map(direction), ["rtl", "ltr", null, "rtl"]);
});

/** How often a note's number is looked at while `text` grows. */
function looks(text: string): number {
  const { prototype } = document.createElement("li").constructor as { prototype: object };
  const real = Object.getOwnPropertyDescriptor(prototype, "value") as PropertyDescriptor;
  let count = 0;
  Object.defineProperty(prototype, "value", { ...real, get() {
    count++;
    return real.get?.call(this);
  } });
  try {
    feed(text.split(/(?<=\n\n)/));
  } finally {
    Object.defineProperty(prototype, "value", real);
  }
  return count;
}

for (const [name, make] of [
  ["each behind its paragraph", (count: number) => Array.from({ length: count }, (_, at) => `Claim[^n${at}].\n\n[^n${at}]: Note.\n\n`).join("")],
  ["all at the end", (count: number) => Array.from({ length: count }, (_, at) => `Claim[^${at}].\n\n`).join("") + Array.from({ length: count }, (_, at) => `[^${at}]: Note.\n\n`).join("")],
  ["all at the beginning", (count: number) => Array.from({ length: count }, (_, at) => `[^n${at}]: Note.\n\n`).join("") + Array.from({ length: count }, (_, at) => `Claim[^n${at}].\n\n`).join("")],
] as const) {
  test(`a thousand footnotes are each numbered once or twice, ${name}`, () => {
    assert.ok(looks(make(1000)) <= 3000, String(looks(make(1000))));
    assert.equal(html(feed(make(60))), html(whole(make(60))));
  });
}

test("footnotes whose notes come in another order stand in order at the end, however they are cut", () => {
  const text = `${Array.from({ length: 450 }, (_, at) => `[^n${at}]`).join(" ")}\n\n${Array.from({ length: 450 }, (_, at) => `[^n${449 - at}]: Note ${449 - at}\n`).join("")}`;
  const root = feed(text.split(/(?<=\n)/));
  assert.equal(html(root), html(whole(text)));
  assert.deepEqual(Array.from(root.querySelectorAll("li"), (one) => [one.value, one.querySelector("p")?.textContent]).at(-1), [450, "Note 449"]);
});

test("a mark whose text was shown again, for a late definition, is still that of its note", () => {
  const root = document.body.appendChild(feed("A [late] claim[^n] and[^n].\n\n[late]: http://a.example\n\nThe first[^m].\n\n[^n]: the *note*\n[^m]: x\n"));
  const marks = root.querySelectorAll(".jor-mark");
  assert.deepEqual(Array.from(marks, (mark) => mark.textContent), ["1", "1", "2"]);
  root.querySelector<HTMLButtonElement>(".jor-note-back")?.click();
  assert.equal(document.activeElement, marks[0]?.querySelector("button"));
  root.remove();
});
