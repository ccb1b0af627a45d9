/** What esbuild makes of files that are not TypeScript, and what the build puts into the code. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** Language name to its definition for highlight.js; `names` is a list of names, separated by blanks. */
declare module "languages:first" {
  const languages: Record<string, import("highlight.js").LanguageFn>;
  export default languages;
}
declare module "languages:further" {
  const languages: Record<string, import("highlight.js").LanguageFn>;
  export default languages;
}
declare module "languages:names" {
  const names: string;
  export default names;
}

/** Content hash of each lazy part, as the kernel names it. */
declare const PART_IDS: Record<"chat" | "math" | "colours" | "languages", string>;
