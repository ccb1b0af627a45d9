/** The little of jsdom that the tests use; it has no types of its own. */
declare module "jsdom" {
  export class JSDOM {
    constructor(html?: string, options?: Record<string, unknown>);
    readonly window: Window & typeof globalThis;
  }
}

/** The folder of package.json, put in by test.mjs. */
declare const JS_FOLDER: string;
