/** Who may import whom, and what every module opens with. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(JS_FOLDER, "src");
const MODULES = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => [name.slice(0, -3), readFileSync(join(folder, name), "utf8")]),
);
const imports = (code: string) => Array.from(code.matchAll(/from "\.\/([\w.-]+)"/g), (match) => match[1] as string);

/** What makes the DOM: the views, and the parts of the growing Markdown. */
const DRAWS = /^(view-.*|markdown|drawing|sections|groups|widths|shape|leaf|pieces|notes|inline|code|math|patch|actions|styles|paint|part-colours|part-math|copying)$/;
/** What sees the model or the kernel behind it. */
const JOINS = ["answer", "chat", "chat-core", "chat-turns", "core", "hearing", "kit", "link", "loader"];

test("every module opens with its sentence and stays below 300 lines", () => {
  for (const [name, code] of MODULES) {
    assert.match(code, /^\/\*\*[^]+?\*\/\n/, name);
    assert.ok(code.split("\n").length <= 301, name);
  }
});

test("only what joins a model to a view sees the model", () => {
  for (const [name, code] of MODULES) {
    const seen = imports(code).filter((other) => other === "kernel" || other === "link");
    assert.ok(!seen.length || JOINS.includes(name), `${name} imports ${seen}`);
  }
});

test("only views and the Markdown touch the DOM", () => {
  for (const [name, code] of MODULES) {
    if (!DRAWS.test(name) && name !== "loader") assert.ok(!/\bdocument\./.test(code), name);
  }
});

test("what is pure imports nothing that draws", () => {
  for (const name of ["transcript", "turn-figures", "turn-order", "cells", "memory", "figures", "links", "parser", "bare", "marks", "cuts", "formulas", "definitions", "table", "line", "direction", "starts", "open", "blocks", "unfinished", "visible", "protocol", "requests", "attachable", "awaiting", "catalogue", "desk", "draft", "model-list", "recall", "settings-form", "upload", "kernel", "parts", "shelf", "idle", "near", "scrollable", "colour-block", "colours", "reader", "part-languages"]) {
    const code = MODULES.get(name) ?? "";
    assert.ok(code && !imports(code).some((other) => DRAWS.test(other)), name);
  }
});

test("no module makes HTML from a string, or code", () => {
  for (const [name, code] of MODULES) {
    assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function/.test(code), name);
  }
});
