/** Bundles every tests/*.test.ts and runs them with Node's own runner; arguments pick tests by a part of the name. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { plugins } from "./build.mjs";

const here = dirname(fileURLToPath(import.meta.url));
// Inside node_modules, so that jsdom, which is not bundled, is found from there; removed afterwards.
const folder = join(here, "node_modules", `.tests-${process.pid}`);
const wanted = process.argv.slice(2);
const tests = readdirSync(join(here, "tests"))
  .filter((name) => name.endsWith(".test.ts") && (!wanted.length || wanted.some((part) => name.includes(part))))
  .sort();

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
    define: { JS_FOLDER: JSON.stringify(here) },
    sourcemap: "inline",
    plugins,
  });
  const files = readdirSync(folder).map((name) => join(folder, name));
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], { stdio: "inherit" });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
