/** Formulas: their source until the part is there, each one set once, and never in the way of the text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mathNode } from "../src/math";
import { patch } from "../src/patch";
import { html, whole } from "./page";

const set: [string, boolean][] = [];
const fake = {
  typeset(tex: string, display: boolean): Element {
    set.push([tex, display]);
    if (tex === "bad") throw new Error(" ParseError: Unsupported function name: \\bad\u202e at position 1: here");
    return Object.assign(document.createElement("math"), { textContent: `<${tex}>` });
  },
};
let come!: () => Promise<void>;
{
  let resolve!: (module: object) => void;
  const made: { take(): void; ready: Promise<object>; now?: object } = { take() {}, ready: new Promise((done) => (resolve = done)) };
  (globalThis as never as Record<symbol, object>)[Symbol.for("jupyter_openrouter/math/test-math")] = made;
  come = async () => {
    made.now = { default: fake };
    resolve(made.now);
    await new Promise((done) => setTimeout(done, 60));
  };
}

test("a formula shows its source, and is set in its place when the part comes", async () => {
  const root = whole("a $x^2$ and $$y$$\n\n\\[\nz\n\\]\n\nprices $5 and $10\n\n$$\nopen");
  assert.deepEqual(Array.from(root.querySelectorAll(".jor-math"), (node) => node.textContent?.trim()), ["$x^2$", "$$y$$", "\\[\nz\n\\]", "$$\nopen"]);
  assert.equal(root.querySelectorAll("math").length, 0);
  await come();
  assert.deepEqual(set, [["x^2", false], ["y", true], ["\nz\n", true]]);
  assert.deepEqual(Array.from(root.querySelectorAll("math"), (node) => node.textContent), ["<x^2>", "<y>", "<\nz\n>"]);
  assert.match(root.textContent ?? "", /prices \$5 and \$10[^]*open/);
});

test("what was set is set at once the next time, and read only once", () => {
  set.length = 0;
  assert.equal(mathNode("$x^2$", false).firstElementChild?.textContent, "<x^2>");
  assert.equal(mathNode("$new$", false).firstElementChild?.textContent, "<new>");
  assert.equal(mathNode("$new$", false).firstElementChild?.textContent, "<new>");
  assert.equal(mathNode("$$new$$", true).tagName, "DIV");
  assert.deepEqual(set, [["new", false], ["new", true]]);
});

test("only so many formulas are remembered", () => {
  set.length = 0;
  for (let at = 0; at < 400; at++) mathNode(`$${at}$`, false);
  mathNode("$399$", false);
  mathNode("$0$", false);
  assert.equal(set.length, 401);
});

test("one with a mistake stays as it is, and says what is wrong", () => {
  const node = mathNode("$bad$", false);
  assert.deepEqual([node.textContent, node.childElementCount], ["$bad$", 0]);
  assert.equal(node.title, "The formula cannot be shown: Unsupported function name: \\bad\ufffd");
});

test("half a formula and empty ones are not set", () => {
  set.length = 0;
  for (const source of ["$$\nx", "\\[ x", "\\( x", "$$$$", "$ $", "", "$"]) mathNode(source, true);
  assert.deepEqual(set, []);
});

test("an equal formula on screen is left alone, another one takes its place", () => {
  const holder = document.createElement("p");
  const old = holder.appendChild(mathNode("$x$", false));
  const inner = old.firstChild;
  assert.equal(patch(old, mathNode("$x$", false)), old);
  assert.equal(old.firstChild, inner);
  const next = mathNode("$xy$", false);
  assert.equal(patch(old, next), next);
  assert.equal(html(holder).includes("&lt;xy&gt;"), true);
});
