/** Builds the DOM of one top-level block from its tokens. */
import type { Token } from "markdown-it";
import { codeNode } from "./code";
import { appendInline, type Page } from "./inline";
import { type Env, parser } from "./parser";
import { element } from "./view-element";
import { visible } from "./visible";

const CONTAINERS: Record<string, keyof HTMLElementTagNameMap> = {
  paragraph: "p",
  blockquote: "blockquote",
  bullet_list: "ul",
  ordered_list: "ol",
  list_item: "li",
  table: "table",
  thead: "thead",
  tbody: "tbody",
  tr: "tr",
  th: "th",
  td: "td",
};
const ALIGNED = /^text-align:(left|center|right)$/;
const TASK = /^\[([ xX])\][ \t]+(?=\S)/;

function container(token: Token): HTMLElement | null {
  const name = token.type.slice(0, -"_open".length);
  if (name === "heading") return /^h[1-6]$/.test(token.tag) ? element(token.tag as "h1") : null;
  const tag = CONTAINERS[name];
  if (!tag) return null;
  const node = element(tag);
  if (/^(li|th|td)$/.test(tag)) node.dir = "auto";
  for (const [key, value] of token.attrs ?? []) {
    const align = key === "style" ? ALIGNED.exec(String(value)) : null;
    if (align) node.className = `jor-${align[1]}`;
    if (key === "start" && /^\d{1,9}$/.test(String(value))) node.setAttribute("start", String(value));
  }
  return node;
}

function appendRun(parent: HTMLElement, content: string, env: Env, page: Page): void {
  const task = parent.closest("li") && !parent.closest("li")?.textContent ? TASK.exec(content) : null;
  if (task) parent.append(task[1] === " " ? "\u2610 " : "\u2611 ");
  const tokens: Token[] = [];
  parser.inline.parse(task ? content.slice(task[0].length) : content, parser, env, tokens);
  appendInline(parent, tokens, page);
}

/** Wide tables scroll inside a frame of their own. */
function framed(node: HTMLElement): HTMLElement {
  return node.tagName === "TABLE" ? element("div", "jor-table", node) : node;
}

/**
 * The node of one top-level block, or null when it shows nothing (a definition). `last` replaces the text of the
 * block's last inline run, which may be unfinished.
 */
export function blockNode(tokens: readonly Token[], env: Env, page: Page, last?: string): HTMLElement | null {
  const root = document.createDocumentFragment();
  const stack: (HTMLElement | DocumentFragment)[] = [root];
  const top = () => stack[stack.length - 1] as HTMLElement | DocumentFragment;
  const lastRun = last === undefined ? -1 : lastInline(tokens);
  tokens.forEach((token, index) => {
    if (token.type === "inline") {
      appendRun(top() as HTMLElement, index === lastRun ? (last ?? "") : token.content, env, page);
    } else if (token.nesting === 1) {
      // The paragraphs of a tight list are hidden: their text goes into the item itself.
      const node = token.hidden ? null : container(token);
      if (node) top().append(framed(node));
      stack.push(node ?? top());
    } else if (token.nesting === -1) stack.pop();
    else if (token.type === "fence" || token.type === "code_block") top().append(codeNode(token.content, token.info));
    else if (token.type === "hr") top().append(element("hr"));
    else if (token.type === "math_block") top().append(element("div", "jor-math", visible(token.content)));
  });
  const node = root.firstElementChild as HTMLElement | null;
  if (node && !node.dir) node.dir = "auto";
  return node;
}

/** Index of the last inline token that has text, or -1 when something else ends the block. */
export function lastInline(tokens: readonly Token[]): number {
  for (let at = tokens.length - 1; at >= 0; at--) {
    const token = tokens[at] as Token;
    if (token.type === "inline" && token.content) return at;
    if (token.nesting === 0 && token.type !== "inline") return -1;
  }
  return -1;
}
