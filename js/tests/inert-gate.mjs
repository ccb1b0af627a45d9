// Renders Markdown as JupyterLab 4.6 does in a trusted notebook and reports whatever could act.
//
// Reads one JSON string a line (documents that are said to be inert) on stdin, writes
// {"documents": n, "found": n, "findings": [{"document": index, "finding": text}, …]} on stdout,
// and ends with 1 if anything was found.
//
// The way of a document in JupyterLab: formulas are cut out of the source (removeMath), marked runs with the
// settings of @jupyterlab/markedparser-extension, the formulas go back into the HTML string (replaceMath),
// the string becomes the page, and MathJax looks for formulas in the text of the page.

import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";
import { Marked, Renderer } from "marked";
import { gfmHeadingId } from "marked-gfm-heading-id";
import { mangle } from "marked-mangle";

const MOST_FINDINGS = 1_000;

// JupyterLab's module asks for the browser's name; and its package is not marked as an ES module.
globalThis.navigator ??= /** @type {any} */ ({ appName: "" });
const latex = new URL("../node_modules/@jupyterlab/rendermime/lib/latex.js", import.meta.url);
const { removeMath, replaceMath } = await import(
  "data:text/javascript," + encodeURIComponent(readFileSync(latex, "utf8"))
);

// --- marked, set up as in @jupyterlab/markedparser-extension ---------------------------------------------

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** What the highlighter leaves of code: escaped text, with elements between its words. @param {string} code */
const highlighted = (code) => code.replace(/\w+|[^\w]+/g, (word) => `<span>${escaped(word)}</span>`);

/** @type {Map<string, string>} */
const cache = new Map();
/** @type {string[]} */
let drawn = [];

/** JupyterLab keeps highlighted blocks under their language and text, and writes the language as it is. */
function jupyterlab() {
  const marked = new Marked();
  marked.use(gfmHeadingId());
  marked.use(mangle());
  const renderer = new Renderer();
  const plainCode = renderer.code;
  renderer.code = function (token) {
    const { text, lang } = token;
    if (lang === "mermaid") drawn.push(text);
    return cache.get(`${lang}\`\`\`~~~${text}`) ?? plainCode.call(renderer, token);
  };
  /** @param {any} token */
  const walkTokens = async (token) => {
    if (token.type !== "code" || !token.lang || token.lang === "mermaid") return;
    const html = `<pre><code class="language-${token.lang}">${highlighted(token.text)}</code></pre>`;
    cache.set(`${token.lang}\`\`\`~~~${token.text}`, html);
  };
  return (/** @type {string} */ text) => marked.parse(text, { async: true, gfm: true, walkTokens, renderer });
}

/** The same packages with nothing laid over them, so that heading ids and mangling are at work. */
function packagesAlone() {
  const marked = new Marked();
  marked.use(gfmHeadingId());
  marked.use(mangle());
  return async (/** @type {string} */ text) => marked.parse(text, { async: true, gfm: true });
}

const SETTINGS = /** @type {const} */ ([
  ["jupyterlab", jupyterlab()],
  ["packages alone", packagesAlone()],
]);

// --- what may be in the page -----------------------------------------------------------------------------

const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"];
const BARE = "p br span code pre em strong del ul ol li table thead tbody tr th td blockquote hr".split(" ");

/** @type {Record<string, Record<string, RegExp>>} */
const ALLOWED = {
  ...Object.fromEntries(BARE.map((name) => [name, {}])),
  // An id is a global name; an empty one is none, one that ends in a hyphen is nobody's.
  ...Object.fromEntries(HEADINGS.map((name) => [name, { id: /^$|-(?:\d+)?$/ }])),
  a: { href: /^(?:https?:\/\/[^\s"'<>`\\@$]+|mailto:[^\s"'<>`\\$]+|#[^\s"'<>`\\$]*)$/ },
  code: { class: /^language-[\w+#.-]{1,32}$/ },
  ol: { start: /^\d{1,9}$/ },
  th: { align: /^(?:left|right|center)$/ },
  td: { align: /^(?:left|right|center)$/ },
  input: { type: /^checkbox$/, disabled: /^$/, checked: /^$/ },
};

/** @param {DocumentFragment} page @returns {Generator<string>} */
function* strangers(page) {
  for (const element of page.querySelectorAll("*")) {
    const name = element.localName;
    const attributes = Object.hasOwn(ALLOWED, name) ? ALLOWED[name] : undefined;
    if (attributes === undefined) {
      yield `element <${name}>`;
      continue;
    }
    for (const { name: key, value } of element.attributes) {
      const pattern = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
      if (pattern === undefined || !pattern.test(value)) yield `attribute ${name}.${key}=${JSON.stringify(value)}`;
    }
    if (HEADINGS.includes(name) && !/^$|[ -]$/.test(element.textContent ?? "")) {
      yield `heading id ${JSON.stringify(element.textContent)}`;
    }
  }
  const walker = page.ownerDocument.createTreeWalker(page, 128 | 64 | 8 | 4);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeType !== 3) yield `node of type ${node.nodeType}`;
  }
}

// --- what MathJax finds ----------------------------------------------------------------------------------

const SKIPPED = new Set(["script", "noscript", "style", "textarea", "pre", "code"]);

/** The runs of text in which MathJax looks: an element ends a run, but not a line break. @param {Node} page */
function runsOfText(page) {
  const runs = [""];
  /** @param {Node} node */
  const visit = (node) => {
    for (const child of node.childNodes) {
      const name = child.nodeName.toLowerCase();
      if (child.nodeType === 3) runs[runs.length - 1] += child.nodeValue ?? "";
      else if (name === "br") runs[runs.length - 1] += "\n";
      else if (child.nodeType === 1) {
        runs.push("");
        if (!SKIPPED.has(name)) visit(child);
        runs.push("");
      }
    }
  };
  visit(page);
  return runs;
}

const START = /\$\$|\$|\\\(|\\\[|\\begin\s*\{([^}]*)\}|(\\[\\$])|(\\(?:eq)?ref\s*\{[^}]*\})/g;
/** @type {Record<string, string>} */
const CLOSER = { $: "$", $$: "$$", "\\(": "\\)", "\\[": "\\]" };

/** The formulas that MathJax finds with JupyterLab's delimiters. @param {string} run */
function typeset(run) {
  const formulas = [];
  START.lastIndex = 0;
  for (let start = START.exec(run); start !== null; start = START.exec(run)) {
    if (start[2] !== undefined) continue;
    if (start[3] !== undefined) {
      formulas.push(start[3]);
      continue;
    }
    const closer = start[1] === undefined ? CLOSER[start[0]] : `\\end{${start[1]}}`;
    if (closer === undefined) continue;
    const quoted = closer.replace(/[\\$()[\]{}*+.?^|]/g, "\\$&");
    const piece = new RegExp(`${quoted}|\\\\(?:[a-zA-Z]|[^])|[{}]`, "g");
    piece.lastIndex = START.lastIndex;
    let braces = 0;
    for (let part = piece.exec(run); part !== null; part = piece.exec(run)) {
      if (part[0] === closer && braces === 0) {
        formulas.push(run.slice(start.index, piece.lastIndex));
        START.lastIndex = piece.lastIndex;
        break;
      }
      if (part[0] === "{") braces += 1;
      else if (part[0] === "}" && braces > 0) braces -= 1;
    }
  }
  return formulas;
}

const DENIED =
  /\\(?:href|url|html\w*|unicode|style|class|cssId|data|bbox|mmlToken|enclose|require|\w*def|let|(?:re)?new\w+|label|ref|eqref|includegraphics|colorbox)(?![A-Za-z])/;
const DULL = /^(\$\$?)[^$"<>`\n]*(?:\\\$[^$"<>`\n]*)*\1$/;

/** @param {string} html @param {string[]} cut @returns {Generator<string>} */
function* placeholders(html, cut) {
  const found = [...html.matchAll(/@@(\d+)@@/g)].map((match) => Number(match[1]));
  if (found.length !== cut.length || found.some((number, index) => number !== index)) {
    yield `placeholders ${JSON.stringify(found.slice(0, 20))} for ${cut.length} formulas`;
  }
}

/** @param {Node} page @param {string[]} cut @returns {Generator<string>} */
function* formulas(page, cut) {
  const sources = cut.map((one) => one.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
  const found = runsOfText(page).flatMap(typeset);
  if (JSON.stringify(found) !== JSON.stringify(sources)) {
    yield `MathJax finds ${JSON.stringify(found).slice(0, 300)}, cut were ${JSON.stringify(sources).slice(0, 300)}`;
  }
  for (const one of new Set([...sources, ...found])) {
    if (DENIED.test(one) || !DULL.test(one)) yield `formula ${JSON.stringify(one.slice(0, 200))}`;
  }
}

// --- the way of a document -------------------------------------------------------------------------------

/** @param {string} source */
async function inspect(source) {
  /** @type {Set<string>} */
  const findings = new Set();
  for (const [name, parse] of SETTINGS) {
    drawn = [];
    cache.clear();
    try {
      const { text, math } = removeMath(source);
      const before = await parse(text);
      for (const finding of placeholders(before, math)) findings.add(`${name}: ${finding}`);
      const cut = [...math];
      const page = JSDOM.fragment(replaceMath(before, math));
      for (const finding of strangers(page)) findings.add(`${name}: ${finding}`);
      for (const finding of formulas(page, cut)) findings.add(`${name}: ${finding}`);
      if (drawn.length > 0) findings.add(`${name}: mermaid`);
    } catch (error) {
      findings.add(`${name}: ${error}`);
    }
  }
  return findings;
}

const documents = readFileSync(0, "utf8").split("\n").filter(Boolean);
const findings = [];
let found = 0;
for (const [index, line] of documents.entries()) {
  for (const finding of await inspect(JSON.parse(line))) {
    found += 1;
    if (findings.length < MOST_FINDINGS) findings.push({ document: index, finding });
  }
}
process.stdout.write(JSON.stringify({ documents: documents.length, found, findings }) + "\n");
process.exitCode = found > 0 ? 1 : 0;
