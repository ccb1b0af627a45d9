/** Bundles each peer into one file for the page: `node build.mjs` writes node_modules/.built. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

await build({
  absWorkingDir: here,
  entryPoints: ["jupyterlab.js", "streamdown.js", "streaming-markdown.js"],
  outdir: join(here, "node_modules", ".built"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"', "process.env": "{}", global: "globalThis" },
  // Icons and style sheets of JupyterLab, and what it needs in Node alone.
  loader: { ".svg": "text", ".css": "empty", ".raw.css": "empty", ".ttf": "empty", ".woff": "empty", ".woff2": "empty" },
  alias: { path: "path-browserify" },
  logLevel: "error",
});
