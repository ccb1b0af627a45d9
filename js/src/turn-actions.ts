/** What the buttons of a turn can do beyond the page, as it is given to them by who knows the kernel and the notebook. */
import type { Request } from "./requests";
import type { Named } from "./view-drop";

export interface TurnActions {
  /** Asks the kernel; resolves to null when it took the request, or to why it did not. */
  request(request: Request, buffers?: ArrayBuffer[]): Promise<string | null>;
  /** The address of an image by its id, or "" while it is on its way. */
  picture(id: string): string;
  /** Puts code into a new cell, or else on the clipboard; resolves to what was done, in a few words. */
  toCell(code: string, language: string): Promise<string>;
  /** Whether this page has a notebook that takes new cells. */
  hasCells(): boolean;
  /** Lets the reader choose a model, beside `near`. */
  pickModel(near: HTMLElement, onPick: (model: string) => void): void;
  /** Follows what is written outside the box until the returned function is called; told why, that puts it, and files, into the box. */
  writing(read: () => string): (why?: string, files?: readonly Named[]) => void;
  /** Tells a screen reader. */
  say(text: string): void;
}
