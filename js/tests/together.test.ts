/** Code with colours, formulas that are set, and footnotes in one answer, with the parts as they are, however it is cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { feed, html, pieces, random, whole } from "./page";
import { GrowingMarkdown } from "../src/markdown";

// DOMPurify and Temml look for these when they are loaded.
const { defaultView } = document;
for (const name of ["window", "DocumentFragment", "HTMLTemplateElement", "NodeFilter", "NamedNodeMap", "HTMLFormElement", "XMLSerializer"]) {
  Object.defineProperty(globalThis, name, { value: name === "window" ? defaultView : (defaultView as never)[name], configurable: true });
}
// jsdom's MathML elements have no style of their own.
Object.defineProperty(Element.prototype, "style", { get: () => document.createElement("i").style, configurable: true });
const [math, colours] = await Promise.all([import("../src/part-math"), import("../src/part-colours")]);
const shelves = globalThis as never as Record<symbol, object>;
const shelve = (name: string, module: object) => (shelves[Symbol.for(`jupyter_openrouter/${name}/test-${name}`)] = { now: module, ready: Promise.resolve(module), take() {} });
shelve("math", math);
shelve("colours", colours);

const TEXT = `A claim[^1] with $x^2$ in **bold \\(y_1\\)** text[^late], $5 and $10.

- item $a$ with \`code\`[^1]

  \`\`\`python
  def f(x):
      return x  # note
  \`\`\`

  | a | $b$ |
  |---|-----|
  | 1 | $\\frac{c}{d}$[^late] |

  $$
  \\sum_i e_i
  $$
- [ ] task $\\nosuch$

[^1]: The *first*, $z$.

    \`\`\`js
    let a = 1;
    \`\`\`
> $$ q $$
> \`\`\`
> r

[^late]: Last \\[ s \\] note.
`;

test("wherever such an answer is cut, it ends in the same page, with each formula set", () => {
  const expected = html(whole(TEXT));
  assert.equal(expected.match(/<math/g)?.length, 9);
  const roots: HTMLElement[] = [];
  for (let at = 1; at < TEXT.length; at++) roots.push(feed([TEXT.slice(0, at), TEXT.slice(at)]));
  roots.push(feed(TEXT));
  for (let seed = 1; seed < 6; seed++) roots.push(feed(pieces(TEXT, random(seed), 12)));
  roots.push(feed([TEXT.replaceAll("\n", "\r\n")]), feed(TEXT.replaceAll("\n", "\r\n")));
  for (const [at, root] of roots.entries()) assert.equal(html(root), expected, `cut at ${at + 1}`);
});

test("once a formula is set, its nodes stay while everything around it grows", () => {
  const kept = new Map<HTMLElement, Element>();
  const root = feed(TEXT, (page) => {
    for (const [node, set] of kept) {
      assert.ok(page.contains(node), `gone: ${node.textContent}`);
      assert.equal(node.firstElementChild, set);
    }
    for (const node of page.querySelectorAll<HTMLElement>(".jor-set")) if (node.firstElementChild) kept.set(node, node.firstElementChild);
  });
  assert.equal(root.querySelectorAll(".jor-set").length, kept.size);
});

test("another answer in the same view, with a fence and a formula open, is as if it were the first", () => {
  for (let at = 1; at < TEXT.length; at += 7) {
    const root = document.createElement("div");
    const markdown = new GrowingMarkdown(root, { now: () => 0 });
    markdown.append(`${TEXT.slice(0, at)}\r`);
    markdown.update();
    markdown.reset();
    assert.equal(root.childNodes.length, 0);
    markdown.append(TEXT);
    markdown.finish();
    while (markdown.update());
    assert.equal(html(root), html(whole(TEXT)), `after ${at} characters`);
  }
});
