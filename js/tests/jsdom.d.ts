/** The little of jsdom that the tests use; it has no types of its own. */
declare module "jsdom" {
  export class JSDOM {
    constructor(html?: string, options?: Record<string, unknown>);
    readonly window: Window & typeof globalThis;
  }
}

/** Put in by test.mjs: the folder of package.json, and what the loader and the core are built to. */
declare const JS_FOLDER: string;
declare const LOADER_TEXT: string;
declare const CORE_TEXT: string;
declare const PART_TEXTS: Record<"math" | "colours" | "languages", string>;
