/**
 * Builds the browser code into jupyter_openrouter/static: `node build.mjs`; `node build.mjs --check` builds in
 * memory only and fails, naming the file, when the committed build differs by a byte.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { continuing, languages } from "./languages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "jupyter_openrouter", "static");
/** What each file that is not only ours contains. */
const BUNDLED = {
  chat: [],
  core: ["markdown-it", "entities"],
  math: ["temml", "dompurify"],
  colours: ["highlight.js"],
  languages: ["highlight.js"],
};
/** What is not as its authors have it, beside what is left out. */
const CHANGED = { "highlight.js": "it can continue a text", temml: "it makes no more than so many nodes" };
/** The parts that the core asks for when they are first needed. */
const LAZY = ["chat", "math", "colours", "languages"];

/** The style sheet as a minified string. */
const styleText = {
  name: "style-text",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

/** All that the rules of inline text ask of a parser. */
const INLINE_PARSER = `var MarkdownIt = class {
  inline = new ParserInline();
  utils = { normalizeReference, unescapeAll };
  helpers = { parseLinkLabel, parseLinkDestination, parseLinkTitle };
  constructor(options) { this.options = options; }
};
export { MarkdownIt as default };
//`;
/** What of markdown-it is put in other words, from where to where: it reads no blocks, writes no HTML and looks for no bare addresses. */
const INLINE_ONLY = [
  ['import * as mdurl from "mdurl";', "import * as ucmicro", ""],
  ['import { LinkifyIt } from "linkify-it";', "//#region", ""],
  ["var lib = {", "//#endregion", ""],
  ["//#region src/renderer.ts", "//#region src/common/html_re.ts", ""],
  ["//#region src/rules_block/html_block.ts", "//#region src/rules_inline/state_inline.ts", ""],
  ['["linkify", linkify],', '["newline", newline]', ""],
  ["//#region src/markdownit.ts", "# sourceMappingURL", INLINE_PARSER],
  // Fields set as fields: a token is made for each word, and this took a tenth of the time.
  ["function _defineProperty(e, r, t) {", "//#endregion", "function _defineProperty(e, r, t) { e[r] = t; return e; }\n"],
];

/** Of markdown-it only the parser of inline text is used: the rest is left out. */
export const inlineOnly = {
  name: "inline-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]markdown-it\.mjs$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [start, end, words] of INLINE_ONLY) {
        const from = contents.indexOf(start);
        const to = contents.indexOf(end, from);
        if (from < 0 || to < 0) throw new Error(`markdown-it has changed: look for ${start}`);
        contents = contents.slice(0, from) + words + contents.slice(to);
      }
      return { contents, loader: "js" };
    });
  },
};

/** Punctuation and symbols as the browser knows them, instead of a table of our own. */
const ownUnicode = {
  name: "own-unicode",
  setup(build) {
    build.onResolve({ filter: /^uc\.micro$/ }, () => ({ path: "uc.micro", namespace: "browser" }));
    build.onLoad({ filter: /.*/, namespace: "browser" }, () => ({ contents: "export const P = /\\p{P}/u; export const S = /\\p{S}/u;" }));
  },
};

/** Temml makes some arguments more than once, and so of nested ones without end: this stops it. More than a formula that is shown may have. */
const MOST_MADE = 20_000;
const BOUNDED = [
  ["\nclass MathNode {\n  constructor(type, children, classes, style) {\n", `    if (++nodesMade > ${MOST_MADE}) throw new Error("it is too large");\n`],
  ["\nconst renderToMathMLTree = function(expression, options) {\n", "  nodesMade = 0;\n"],
];

const bounded = {
  name: "bounded",
  setup(build) {
    build.onLoad({ filter: /temml[\\/]dist[\\/]temml\.mjs$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [head, more] of BOUNDED) {
        if (contents.split(head).length !== 2) throw new Error(`Temml has changed: ${head}`);
        contents = contents.replace(head, () => head + more);
      }
      return { contents: `let nodesMade = 0;\n${contents}` };
    });
  },
};

export const plugins = [styleText, inlineOnly, ownUnicode, bounded, languages, continuing];

function packageFile(name, file) {
  return readFileSync(join(here, "node_modules", name, file), "utf8");
}

function about(name) {
  const { version, license } = JSON.parse(packageFile(name, "package.json"));
  return { name, version, license };
}

function licenceOf(name) {
  for (const file of ["LICENSE", "LICENSE.txt", "LICENSE-MIT.txt"]) {
    try {
      return packageFile(name, file).replace(/\r\n/g, "\n").trim();
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  throw new Error(`${name} has no licence file`);
}

async function bundle(entry, banner, define) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    plugins,
    define,
    ...(banner ? { banner: { js: banner } } : {}),
  });
  // esbuild escapes strings, but leaves regular expressions, where the same escape means the same, as they are.
  return result.outputFiles[0].text.replace(/[^\x00-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function banner(part) {
  const names = BUNDLED[part].map(about).map(({ name, version, license }) => `${name} ${version} (${license})`);
  const changed = Object.keys(CHANGED).filter((name) => BUNDLED[part].includes(name)).map((name) => ` ${name} is changed: ${CHANGED[name]}.`).join("");
  if (!names.length) return "/*! jupyter_openrouter (MIT). */";
  return `/*! jupyter_openrouter (MIT). Bundles ${names.join(", ")}; licences: licenses.txt.${changed} */`;
}

function licences() {
  const packages = [...new Set(Object.values(BUNDLED).flat())].map(about);
  const files = ({ name }) => Object.keys(BUNDLED).filter((part) => BUNDLED[part].includes(name)).map((part) => `${part}.js`);
  const texts = packages.map((one) => `${one.name} ${one.version} (in ${files(one).join(" and ")})\n\n${licenceOf(one.name)}\n`);
  return `The files beside this one contain these libraries.\n\n${texts.join(`\n${"-".repeat(79)}\n\n`)}`;
}

/** Under which name a page keeps a part: the same hash of its content that the kernel gives it. */
const contentId = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** File name to content of everything that is built. */
export async function outputs() {
  const lazy = await Promise.all(LAZY.map(async (part) => [part, await bundle(`src/part-${part}.ts`, banner(part))]));
  const ids = Object.fromEntries(lazy.map(([part, text]) => [part, contentId(text)]));
  return {
    "loader.js": await bundle("src/loader.ts"),
    "core.js": await bundle("src/core.ts", banner("core"), { PART_IDS: JSON.stringify(ids) }),
    ...Object.fromEntries(lazy.map(([part, text]) => [`${part}.js`, text])),
    "licenses.txt": licences(),
  };
}

async function main() {
  const files = await outputs();
  const check = process.argv.includes("--check");
  let differs = false;
  if (!check) mkdirSync(target, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (!check) {
      writeFileSync(join(target, name), content);
      continue;
    }
    let committed = null;
    try {
      committed = readFileSync(join(target, name), "utf8");
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    if (committed === content) continue;
    console.error(`${name} in jupyter_openrouter/static is not what js/src builds: run \`node build.mjs\``);
    differs = true;
  }
  if (differs) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
