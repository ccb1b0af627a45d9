/** Every payload, alone and inside other constructs, whole and as it grows, ends in a page that can do nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { purified, strangers } from "./oracle";
import { feed, whole } from "./page";
import { LIVE_COUNT, PAYLOADS } from "./payloads";

const AROUND: ((text: string) => string)[] = [
  (text) => text,
  (text) => text.replace(/^/gm, "> "),
  (text) => `- a\n- ${text.replace(/\n/g, "\n  ")}`,
  (text) => `words ${text} words`,
  (text) => `**${text}** [${text}](https://a.example)`,
  (text) => `| a |\n| - |\n| ${text.replace(/\n/g, " ").replaceAll("|", "\\|")} |`,
  (text) => `x[^1]\n\n[^1]: ${text}`,
  (text) => `[r]\n\n[r]: https://a.example '${text}'`,
  (text) => "```" + text + "\n```",
];

function assertInert(root: HTMLElement, text: string): void {
  assert.deepEqual(strangers(root), [], JSON.stringify(text));
}

test("there are enough of them", () => {
  assert.ok(LIVE_COUNT >= 80, String(LIVE_COUNT));
  assert.ok(Object.keys(PAYLOADS).length >= LIVE_COUNT + 200);
});

for (const [name, text] of Object.entries(PAYLOADS)) {
  test(`inert: ${name}`, () => {
    for (const around of AROUND) {
      const root = whole(around(text));
      assertInert(root, around(text));
      assert.deepEqual(purified(root), [], JSON.stringify(around(text)));
    }
    const grown = feed(text, (root) => assertInert(root, text));
    assertInert(grown, text);
    assert.deepEqual(purified(grown), [], JSON.stringify(text));
  });
}

test("the check sees what a page of raw HTML would hold", () => {
  const raw = Object.entries(PAYLOADS).filter(([, text]) => /<[a-z]+[^>]*\son|<script|<iframe|style=|data-commandlinker/i.test(text) && !/^ {4}|```|~~~/m.test(text));
  assert.ok(raw.length > 60, String(raw.length));
  for (const [name, text] of raw) {
    const root = document.createElement("div");
    root.innerHTML = text;
    // What is no markup to HTML either is let be.
    if (root.querySelector("*")) assert.notDeepEqual(strangers(root), [], name);
  }
});

test("the second opinion sees a handler, a frame and a script address", () => {
  for (const html of ["<b onclick=x>y</b>", "<p><iframe></iframe></p>", "<a href='javascript:x'>y</a>", "<b data-commandlinker-command=x>y</b>"]) {
    const root = document.createElement("div");
    root.innerHTML = html;
    assert.notDeepEqual(purified(root), [], html);
  }
});
