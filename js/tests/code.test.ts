/** Code blocks: their colours are those of the whole text, however it came, and what is copied is what was written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import further from "languages:further";
import { CodeBlock, sourceOf } from "../src/code";
import { type Block, type Chunk, KINDS } from "../src/colour-block";
import { Paint } from "../src/paint";
import colours from "../src/part-colours";
import { isFurther, knows, read } from "../src/reader";
import "./page";

/** A block as the core hands it over, in chunks of `size` lines. */
function block(code: string, language: string, { size = 50, closed = true } = {}): Block {
  const lines = code.split(/(?<=\n)/);
  const chunks: Chunk[] = [];
  for (let at = 0; at < lines.length; at += size) {
    const text = document.createTextNode(lines.slice(at, at + size).join(""));
    document.createElement("span").append(text);
    chunks.push({ text, near: true, read: -1, shown: -1, list: [], end: undefined });
  }
  return { chunks, language, closed };
}

/** Each stretch as its kind and its words. */
function stretches({ chunks }: Block): string[] {
  return chunks.flatMap(({ list, text }) => {
    const found: string[] = [];
    for (let at = 0; at < list.length; at += 3) found.push(`${KINDS[(list[at + 2] as number) - 1]} ${text.data.slice(list[at], list[at + 1])}`);
    return found;
  });
}

function finish(one: Block): Block {
  while (colours.step(one) === "more");
  return one;
}

const PYTHON = 'def f(x):\n    """A\n    doc string\n    """\n    return f"{x + 1}"  # note\n';

/** A whole code block, as it is when its fence is closed. */
function codeNode(content: string, info: string): HTMLElement {
  const block = new CodeBlock(info);
  block.append(content);
  block.close();
  return block.root;
}

test("stretches are what they say", () => {
  assert.deepEqual(stretches(finish(block(PYTHON, "python"))), [
    "keyword def",
    "name f",
    'string """A\n    doc string\n    """',
    "keyword return",
    'string f"',
    "number 1",
    'string "',
    "comment # note",
  ]);
});

test("a text that is read line by line has the stretches of the whole", () => {
  const texts: Record<string, string> = {
    python: PYTHON.repeat(3),
    javascript: "/* a\n b */\nconst x = `one\n${y + `two\n${1}`}\n three`; // c\nclass A { m() { return /x\\/y/g; } }\n",
    html: "<!-- a\n b -->\n<script>\n/* c\n d */ let s = `x\n y`;\n</script>\n<p class='a'>text</p>\n",
    bash: "cat <<EOF\nnot $HOME\nEOF\nif [ -f x ]; then echo 'a\nb'; fi # c\n",
    c: "#include <stdio.h>\n/* a\n b */ int main(void) {\n  return 0x1F;\n}\n",
  };
  for (const [language, code] of Object.entries(texts)) {
    const joined = (one: Block) => one.chunks.flatMap(({ list, text }, at) => {
      const before = one.chunks.slice(0, at).reduce((sum, chunk) => sum + chunk.text.length, 0);
      return Array.from(text.data, (char, at) => {
        const hit = list.findIndex((start, place) => place % 3 === 0 && start <= at && at < (list[place + 1] as number));
        return char === "\n" ? "" : `${before + at} ${hit < 0 ? "" : KINDS[(list[hit + 2] as number) - 1]}`;
      });
    });
    assert.deepEqual(joined(finish(block(code, language, { size: 1 }))), joined(finish(block(code, language))), language);
  }
});

test("a language of the further ones says so until it is there; an unknown one and plain text are done at once", () => {
  assert.equal(colours.step(block("x", "nosuch")), "done");
  assert.equal(colours.step(block("x", "text")), "done");
  assert.ok(isFurther("kt") && isFurther("ruby") && !isFurther("nosuch"));
  const kotlin = block('fun main() { println("x") }\n', "kotlin");
  assert.equal(colours.step(kotlin), "further");
  colours.register(further);
  assert.ok(stretches(finish(kotlin)).includes("keyword fun"));
});

test("every language can be read, and none takes a character away", () => {
  for (const name of Object.keys(further)) assert.ok(knows(name), name);
  const code = "x = \"a\" + 'b' # c // d /* e */ <f g='h'> { i: 1 }\n";
  for (const language of [...Object.keys(further), "python", "javascript", "json", "sql", "markdown", "yaml", "xml"]) {
    const { list } = read(code, language, undefined);
    let last = 0;
    for (let at = 0; at < list.length; at += 3) {
      assert.ok((list[at] as number) >= last && (list[at + 1] as number) > (list[at] as number), language);
      last = list[at + 1] as number;
    }
    assert.ok(last <= code.length, language);
  }
});

test("without highlights a chunk that still grows stays plain, and a whole one keeps its text in spans", () => {
  const open = block(PYTHON, "python", { closed: false });
  const holder = open.chunks[0]?.text.parentElement as HTMLElement;
  finish(open);
  assert.equal(holder.childElementCount, 0);
  finish(Object.assign(open, { closed: true }));
  assert.equal(holder.textContent, PYTHON);
  assert.equal(holder.querySelector(".jor-comment")?.textContent, "# note");
  assert.ok(Array.from(holder.querySelectorAll("*")).every((node) => node.tagName === "SPAN" && node.getAttributeNames().join() === "class"));
});

test("what is far away is read, when something near comes after it, but not painted", () => {
  const long = block("x = 1\n".repeat(120), "python");
  (long.chunks[0] as Chunk).near = (long.chunks[1] as Chunk).near = false;
  finish(long);
  assert.deepEqual(long.chunks.map(({ read, shown }) => [read > 0, shown > 0]), [[true, false], [true, false], [true, true]]);
});

test("code that is far too long stays plain", () => {
  const long = finish(block(`${"x = 1;".repeat(5000)}\n`, "python"));
  assert.equal(long.chunks[0]?.read, -1);
});

test("ranges that have not changed are left as they are, and all are taken back", () => {
  const names = new Map<string, Set<StaticRange>>();
  const globals = { CSS: { highlights: names }, Highlight: class extends Set {}, StaticRange: class { constructor(readonly of: object) {} } };
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    const text = document.createTextNode("def f");
    const paint = new Paint();
    paint.show(text, [0, 3, 2]);
    const [kept] = names.get("jor-keyword") ?? [];
    paint.show(text, [0, 3, 2, 4, 5, 5]);
    assert.deepEqual([[...(names.get("jor-keyword") ?? [])], names.get("jor-name")?.size], [[kept], 1]);
    paint.show(text, [0, 3, 2]);
    assert.equal(names.get("jor-name")?.size, 0);
    paint.clear();
    assert.equal(names.get("jor-keyword")?.size, 0);
    paint.show(text, [0, 3, 2]);
    assert.equal(names.get("jor-keyword")?.size, 1);
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete (globalThis as Record<string, unknown>)[name];
    }
  }
});

test("what is copied is the code as it came, though what is shown has no control characters", () => {
  const code = "a\tb\u202ec\u001b[0m\u0007\n\nlast";
  assert.equal(sourceOf(codeNode(`${code}\n`, "python")), code);
  const growing = new CodeBlock("js");
  growing.append("one\u0000\n");
  growing.rest("two\u202e");
  assert.equal(sourceOf(growing.root), "one\u0000\ntwo\u202e");
  growing.rest("");
  assert.equal(sourceOf(growing.root), "one\u0000");
  assert.ok(!/[\u0000\u202e]/.test(growing.root.textContent ?? ""));
});

test("the copy button is named after the language", () => {
  const name = (info: string) => codeNode("x", info).querySelector(".jor-copy")?.getAttribute("aria-label");
  assert.deepEqual(["python", "", "C++ linenos"].map(name), ["copy the python code", "copy the code", "copy the c++ code"]);
});

test("what would take too long is left plain: a line without an end, and fifty lines that are long", () => {
  for (const line of ["x ".repeat(600), "x".repeat(1_100), "[a]( ".repeat(300)]) {
    assert.deepEqual(stretches(finish(block(`[b](c)\n${line}\n`, "markdown"))), []);
  }
  assert.deepEqual(stretches(finish(block('a = "b"\n'.repeat(2) + `c = "${"d".repeat(300)}"\n`.repeat(40), "python"))), []);
  assert.equal(stretches(finish(block(`x = "${"A".repeat(900)}"\n`, "python"))).length, 1);
  const growing = block("[a]\nb = 1\n", "ini");
  const { length } = stretches(finish(growing));
  assert.ok(length > 0);
  growing.chunks[0]?.text.appendData("x".repeat(9_000) + "\n");
  assert.equal(stretches(finish(growing)).length, length);
});
