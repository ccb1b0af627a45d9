/** How much is shown and then taken back while syntax is half there, over eighteen small texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { feed } from "./page";

const CASES: Record<string, string> = {
  "half bold": "a **bold** word",
  "half emphasis": "an *emphasised* word",
  "half of both": "a ***very loud*** word",
  "half code": "some `code here` and more",
  "half strikethrough": "a ~~gone thing~~ stays",
  "half link": "see [the label](http://a.example/a/long/path) for more",
  "half link with a title": 'see [the label](http://a.example/path "A title") for more',
  "half reference link": "see [the label][ref] for more\n\n[ref]: http://a.example/path\n",
  "half image": "an ![alternative text](http://a.example/i.png) there",
  "half table": "Text:\n\n| one | two |\n| --- | :-: |\n| 1 | **2** |\n| 3 | 4 |\n\nend",
  "half setext heading": "A heading\n=========\n\nAnother one\n---\n\ntext",
  "half fence": "text\n\n```\ncode\n  more\n```\n\nend",
  "half fence info": "text\n\n```python title=x\ncode\n```\nend",
  "half inline formula": "so $x_1 + y_1 = *z*$ and \\(a * b * c\\) hold",
  "half display formula": "so\n\n$$\nx_1 * y * z\n$$\n\nand\n\n\\[ a_b \\]\n\nend",
  "half footnote": "a claim[^1] and more[^2].\n\n[^1]: The *source*.\n[^2]: Another.\n",
  "half raw tag": "press <kbd>Ctrl</kbd> and <span class=x>that</span> now<br>end",
  "half autolink": "see <https://a.example/path> and https://b.example/x_y_z, ok",
};

/** Characters of `before` that are not, in their order, in `after`: what a reader saw go. */
function gone(before: string, after: string): number {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  let tail = 0;
  while (tail < before.length - same && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return before.length - same - tail;
}

test("little is shown and taken back", () => {
  assert.equal(Object.keys(CASES).length, 18);
  const counts = Object.entries(CASES).map(([name, text]) => {
    let before = "";
    let taken = 0;
    const steps: string[] = [];
    const look = (root: HTMLElement) => {
      const now = (root.textContent ?? "").replace(/\s+/g, " ");
      const lost = gone(before, now);
      taken += lost;
      if (lost) steps.push(`${JSON.stringify(before.slice(-40))} to ${JSON.stringify(now.slice(-40))}`);
      before = now;
    };
    look(feed(text, look));
    return { name, taken, steps };
  });
  const total = counts.reduce((sum, { taken }) => sum + taken, 0);
  const worst = counts.filter(({ taken }) => taken).map(({ name, taken, steps }) => `${name}: ${taken}\n  ${steps.join("\n  ")}`);
  console.log(`taken back: ${total} characters over ${counts.length} texts`);
  assert.ok(total <= 10, `${total} characters were taken back\n${worst.join("\n")}`);
});
