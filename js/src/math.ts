/** Shows a formula: its source until the part that sets formulas is there, then MathML. */
import { whenIdle } from "./idle";
import { whenNear } from "./near";
import { arrived, type MathPart, part } from "./parts";
import type { Keyed } from "./patch";
import { scrollByKeyboard } from "./scrollable";
import { element } from "./view-element";
import { visible } from "./visible";

/** How many formulas are kept as they were set, for the next time that the same is written. */
const REMEMBERED = 300;
const FORMS: [opener: string, closer: string, display: boolean][] = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
  ["$", "$", false],
];

interface Formula {
  tex: string;
  display: boolean;
}

const sources = new WeakMap<Element, string>();
const remembered = new Map<string, Element | string>();
let waiting: WeakRef<HTMLElement>[] = [];

/** What stands between the delimiters, or null while the closing one is missing. */
function formula(source: string, display: boolean): Formula | null {
  const text = source.trim();
  const form = FORMS.find(([opener]) => text.startsWith(opener));
  if (!form) return text ? { tex: text, display } : null;
  const [opener, closer, wide] = form;
  const tex = text.slice(opener.length, -closer.length);
  return text.endsWith(closer) && text.length > opener.length + closer.length && tex.trim() ? { tex, display: display || wide } : null;
}

/** The source of a formula on screen, as it was written. */
export function sourceOfMath(node: Element): string {
  return sources.get(node) ?? node.textContent ?? "";
}

/** A formula with its delimiters; `display` is whether it stands in a block of its own. */
export function mathNode(source: string, display: boolean): HTMLElement {
  const node: Keyed = element(display ? "div" : "span", "jor-math", visible(source));
  node.jorKey = `${display ? "block" : "inline"} ${source}`;
  sources.set(node, source.trim());
  const found = formula(source, display);
  if (found && !show(node, found)) {
    waiting.push(new WeakRef(node));
    if (waiting.length % 1000 === 0) waiting = waiting.filter((one) => one.deref());
  }
  return node;
}

/** Puts the formula into its place; false while the part is not there. */
function show(node: HTMLElement, { tex, display }: Formula): boolean {
  const math = part("math", onArrival);
  if (!math) return false;
  const key = `${display} ${tex}`;
  const set = remembered.get(key) ?? typeset(math, tex, display);
  remembered.delete(key);
  remembered.set(key, set);
  if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value as string);
  if (typeof set === "string") node.title = `The formula cannot be shown: ${set}`;
  else {
    node.replaceChildren(document.importNode(set, true));
    node.classList.add("jor-set");
    if (node.tagName === "DIV") whenNear(node, (near) => near && scrollByKeyboard(node));
  }
  return true;
}

function typeset(math: MathPart, tex: string, display: boolean): Element | string {
  try {
    return math.typeset(tex, display);
  } catch (error) {
    // Without the end of the sentence, which draws the place into the source.
    const said = error instanceof Error ? error.message : String(error);
    return visible(said.replace(/^\s*ParseError:/, "").split(/ at (?:position|end) /)[0] ?? "").trim().slice(0, 200);
  }
}

/** Copies formulas as their source; before the part is there, they are nothing else. */
export function copyFormulas(root: HTMLElement, signal?: AbortSignal): void {
  const onCopy = (event: ClipboardEvent) => arrived("math")?.copy(event, root, sourceOfMath);
  root.addEventListener("copy", onCopy, signal ? { signal } : {});
}

function onArrival(): void {
  whenIdle(() => {
    const node = waiting.shift()?.deref();
    const found = node && formula(sourceOfMath(node), node.tagName === "DIV");
    if (found) show(node, found);
    return waiting.length > 0;
  });
}
