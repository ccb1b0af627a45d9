/** Which languages the browser can colour: those of the part `colours`, and those of the part `languages`. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** In the part that every page with code fetches. */
export const first = "bash c cpp css diff go ini java javascript json julia markdown python python-repl r rust shell sql typescript xml yaml".split(" ");

/** Fetched together when the first of them is met. */
export const further = (
  "ada apache awk clojure cmake csharp d dart delphi dockerfile dos elixir elm erlang fortran fsharp gradle graphql groovy " +
  "haskell http julia-repl kotlin latex lisp lua makefile matlab nginx nim nix objectivec ocaml perl php powershell " +
  "prolog properties protobuf ruby sas scala scheme scss swift tcl vbnet verilog vhdl wasm"
).split(" ");

const file = (name) => `highlight.js/lib/languages/${name}`;

/** Every name by which one of `languages` is asked for. */
function names(languages) {
  const hljs = require("highlight.js/lib/core");
  return languages.flatMap((name) => [name, ...(require(file(name))(hljs).aliases ?? [])]).map((name) => name.toLowerCase());
}

/** `languages:first` and `languages:further` give name to definition, `languages:names` the further names, separated by blanks. */
export const languages = {
  name: "languages",
  setup(build) {
    build.onResolve({ filter: /^languages:/ }, ({ path }) => ({ path, namespace: "languages" }));
    build.onLoad({ filter: /.*/, namespace: "languages" }, ({ path }) => {
      if (path === "languages:names") return { contents: `export default ${JSON.stringify([...new Set(names(further))].join(" "))}` };
      const chosen = path === "languages:first" ? first : further;
      const lines = chosen.map((name, at) => `import l${at} from ${JSON.stringify(file(name))};`);
      const entries = chosen.map((name, at) => `${JSON.stringify(name)}: l${at}`);
      return { contents: `${lines.join("\n")}\nexport default { ${entries.join(", ")} };`, resolveDir: here };
    });
  },
};

/** highlight.js can continue where an earlier piece of a text ended, but no longer says so in public: this lets it. */
const CONTINUE = [
  ["ignoreIllegals, continuation) {", "ignoreIllegals, continuation, inner) {"],
  [": _highlight(context.language, context.code, ignoreIllegals);", ": _highlight(context.language, context.code, ignoreIllegals, optionsOrCode.from?.top, optionsOrCode.from?.inner);"],
  ["const continuations = {};", "const continuations = { ...inner };"],
  ["illegal: false,\n        _emitter: emitter,\n        _top: top\n", "illegal: false,\n        _emitter: emitter,\n        _top: top,\n        _inner: continuations\n"],
];

export const continuing = {
  name: "continuing",
  setup(build) {
    build.onLoad({ filter: /highlight\.js[\\/]lib[\\/]core\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [old, next] of CONTINUE) {
        if (contents.split(old).length !== 2) throw new Error(`highlight.js has changed: ${old}`);
        contents = contents.replace(old, () => next);
      }
      return { contents };
    });
  },
};
