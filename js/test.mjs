/** Bundles every tests/*.test.ts and runs them with Node's own runner; arguments pick tests by a part of the name. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { outputs, plugins } from "./build.mjs";

const here = dirname(fileURLToPath(import.meta.url));
// Inside node_modules, so that jsdom, which is not bundled, is found from there; removed afterwards.
const folder = join(here, "node_modules", `.tests-${process.pid}`);
const wanted = process.argv.slice(2);
const tests = readdirSync(join(here, "tests"))
  .filter((name) => name.endsWith(".test.ts") && (!wanted.length || wanted.some((part) => name.includes(part))))
  .sort();

const built = await outputs();
const texts = Object.fromEntries(["chat", "math", "colours", "languages"].map((part) => [part, built[`${part}.js`]]));
mkdirSync(folder, { recursive: true });
try {
  await build({
    absWorkingDir: here,
    entryPoints: tests.map((name) => join("tests", name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node18",
    external: ["jsdom"],
    define: {
      JS_FOLDER: JSON.stringify(here),
      LOADER_TEXT: JSON.stringify(built["loader.js"]),
      CORE_TEXT: JSON.stringify(built["core.js"]),
      PART_TEXTS: JSON.stringify(texts),
      PART_IDS: JSON.stringify(Object.fromEntries(Object.keys(texts).map((part) => [part, `test-${part}`]))),
    },
    sourcemap: "inline",
    plugins,
  });
  const files = readdirSync(folder).map((name) => join(folder, name));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
