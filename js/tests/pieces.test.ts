/** Long paragraphs: shown in pieces that are read once each, and all the same as if they were read as one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, html, pieces, random, whole } from "./page";
import { lastCut } from "../src/cuts";
import { appendInline } from "../src/inline";
import { GrowingMarkdown } from "../src/markdown";
import { parser } from "../src/parser";

const WORDS = ["word ", "snake_case ", "2 * 3 ", "**two words** ", "*a **b** c* ", "`code *x` ", "[a *label* here](https://a.example/b 'the title') ", "[r] ", "[*r]* ", "[other r][r] ", "![picture of it](http://i.example/i.png) ", "<kbd>a key</kbd> ", "$x + y$ ", "$5 and $10 ", "\\(a b\\) ", "~~gone now~~ ", "https://b.example/x_y ", "a@b.example ", "\\* \\[ ", "a < b > c ", "<i>*x y*</i> ", "&amp; ", "\n", "\\\n", "word\n", "[^1] ", "字。字", "[x *y] z* ", "***a b** c* ", "_under score_ "];
const RARE = ["*open ", "[open ", "``open ", "<b>open ", "**open ", "~~open ", "_open ", "(\\("];

function paragraph(seed: number, length: number, rare: number): string {
  const next = random(seed);
  const pick = (from: string[]) => from[Math.floor(next() * from.length)] as string;
  let text = "Begin";
  while (text.length < length) text += next() < rare ? pick(RARE) : text.endsWith("\n") ? "line " : pick(WORDS);
  return `${text}end`;
}

/** Long texts: where they differ is enough to see. */
function same(found: string, wanted: string, what: string): void {
  let at = 0;
  while (at < found.length && found[at] === wanted[at]) at++;
  assert.ok(found === wanted, `${what}: ${JSON.stringify(found.slice(at - 80, at + 80))} instead of ${JSON.stringify(wanted.slice(at - 80, at + 80))}`);
}

/** The text read as one, as its paragraph's HTML; where a line ends for the sake of the layout is left out. */
function asOne(text: string, references: object): string {
  const holder = document.createElement("p");
  const tokens: never[] = [];
  parser.inline.parse(text, parser, { references, waiting: false } as never, tokens);
  const loaded = new Set<string>();
  appendInline(holder, tokens, { loaded, noteMark: (label) => Object.assign(document.createElement("span"), { textContent: `^${label}` }) });
  return html(holder);
}
function shown(root: HTMLElement): string {
  for (const seam of Array.from(root.querySelectorAll(".jor-seam"))) seam.remove();
  for (const mark of Array.from(root.querySelectorAll(".jor-mark"))) {
    const plain = document.createElement("span");
    plain.textContent = "^1";
    mark.replaceWith(plain);
  }
  return html(root.querySelector("p") as HTMLElement);
}

test("a long paragraph in pieces is what it is when it is read as one", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const text = paragraph(seed * 31, 6000 + seed * 100, seed % 3 ? 0 : 0.003);
    const end = "\n\n[r]: http://r.example\n\n[^1]: note\n\n***\n\n";
    const wanted = asOne(text, { R: { href: "http://r.example", title: "" } });
    const root = whole(text + end);
    const grown = feed(pieces(text + end, random(seed), 2500));
    same(html(grown), html(root), `seed ${seed}`);
    same(shown(root), wanted, `seed ${seed}`);
    same(shown(whole(end + text)), wanted, `defined before, seed ${seed}`);
  }
});

test("wherever a window ends, the text may be cut where it is said", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const text = paragraph(seed * 17, 500, seed % 2 ? 0 : 0.02);
    const wanted = asOne(text, {});
    for (let end = 20; end < text.length; end++) {
      const tokens: never[] = [];
      parser.inline.parse(text.slice(0, end), parser, { references: {}, waiting: false, cuts: true } as never, tokens);
      const at = (tokens[lastCut(tokens, end)] as { map: [number] } | undefined)?.map[0];
      if (at) same(asOne(text.slice(0, at), {}) + asOne(text.slice(at), {}), wanted, `seed ${seed}, ${end}, cut at ${at}`);
    }
  }
});

const LONG = {
  "full of markup": "**a bold** [label](https://a.example/b) `code` *soft* and words, ",
  "in which nothing that begins ends": "*open [never `closed <b>",
  "without a blank": "\u5b57",
};
for (const [name, unit] of Object.entries(LONG)) {
  for (const [where, before] of [["paragraph", ""], ["heading", "# "], ["item", "- [x] "], ["cell", "| a |\n|---|\n| "]] as const) {
    test(`a long ${where} ${name} is read in bounded steps, and each part of it a few times`, () => {
      const text = before + unit.repeat(24_000 / unit.length);
      const read: number[] = [];
      const { parse } = parser.inline;
      parser.inline.parse = (source, ...rest) => {
        read.push(source.length);
        return parse.call(parser.inline, source, ...rest);
      };
      const steps: number[] = [];
      let root: HTMLElement;
      try {
        root = document.createElement("div");
        const markdown = new GrowingMarkdown(root, { now: () => 0 });
        markdown.append(text);
        markdown.finish();
        for (let more = true; more; ) {
          read.length = 0;
          more = markdown.update(2000);
          steps.push(read.reduce((sum, one) => sum + one, 0));
        }
      } finally {
        parser.inline.parse = parse;
      }
      const most = name === "full of markup" ? 9_000 : 21_000;
      assert.ok(Math.max(...steps) < most, `${Math.max(...steps)} characters at once: ${steps}`);
      assert.ok(steps.reduce((sum, one) => sum + one, 0) < (most / 2000) * text.length);
      same(html(root), html(whole(text)), "at once");
      same(html(root), html(feed(pieces(text, random(7), 3000))), "in pieces");
    });
  }
}

test("a paragraph that turns into a heading, or whose last line into a table, ends the same", () => {
  const text = LONG["full of markup"].repeat(70);
  for (const end of ["\n===\n\nx", "\n| a | b |\n|---|---|\n| c | d |\n", " |\n|---|\n| x |\n"]) {
    same(html(feed(pieces(text + end, random(3), 50))), html(whole(text + end)), end);
  }
});

test("a piece that is finished keeps its nodes and its selected text, and what follows it does", () => {
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  const grow = (text: string) => {
    markdown.append(text);
    markdown.update();
  };
  grow("plain words ".repeat(168));
  const first = root.querySelector("p")?.firstChild as Text;
  const range = document.createRange();
  range.setStart(first, 10);
  range.setEnd(first, first.length);
  const selected = range.toString();
  for (let at = 0; at < 300; at++) grow("more **of** it ");
  assert.equal(range.toString(), selected);
  assert.ok(root.contains(range.endContainer));
  assert.equal(root.querySelector("p")?.firstChild, first);
});

test("footnotes of finished pieces keep their numbers while the paragraph grows", () => {
  const text = Array.from({ length: 300 }, (_, at) => `a claim [^${at + 1}] with a **word** `).join("");
  feed(pieces(text, random(9), 300), (root) => {
    const numbers = Array.from(root.querySelectorAll(".jor-mark"), (mark) => Number(mark.textContent));
    assert.deepEqual(numbers, numbers.map((_, at) => at + 1));
  });
});

test("a definition that thousands of texts have waited for is put in over several steps", () => {
  const text = "See [r] and **more** of it.\n\n".repeat(800);
  const root = document.createElement("div");
  const markdown = new GrowingMarkdown(root, { now: () => 0 });
  markdown.append(text);
  while (markdown.update());
  markdown.append("[r]: http://r.example\n\nend");
  let steps = 0;
  while (markdown.update()) steps++;
  assert.ok(steps > 1, `${steps} steps`);
  markdown.finish();
  while (markdown.update());
  assert.equal(root.querySelectorAll("a").length, 800);
});
