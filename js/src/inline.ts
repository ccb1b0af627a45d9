/** Builds the DOM of one inline run from tokens; every element and attribute that can appear is named here. */
import type { Token } from "markdown-it";
import { cutAtMail } from "./bare";
import { address, hostToShow, imageAddress } from "./links";
import { mathNode } from "./math";
import { VOID_TAGS } from "./parser";
import { button, element } from "./view-element";
import { visible } from "./visible";

/** What the builders must know of the document. */
export interface Page {
  /** Addresses of images that the reader asked to load. */
  loaded: ReadonlySet<string>;
  /** The mark of a footnote. */
  noteMark(label: string): HTMLElement;
}

/** One open element: ours (a fixed tag from the model) or Markdown's own. */
interface Open {
  node: HTMLElement;
  /** Name of the fixed tag, or "" for Markdown's own elements, which only Markdown closes. */
  tag: string;
  /** For a link: its address, so that the host can be shown after the label. */
  href?: string;
}

const MARKDOWN: Record<string, keyof HTMLElementTagNameMap> = { em_open: "em", strong_open: "strong", s_open: "s" };
/** Fixed tags nest no deeper; more of them stay text. */
const DEEPEST = 32;
const REL = "noopener noreferrer nofollow";

function addText(parent: Node, text: string): void {
  const shown = visible(text);
  if (!shown) return;
  const last = parent.lastChild;
  if (last?.nodeType === Node.TEXT_NODE) (last as Text).appendData(shown);
  else parent.appendChild(document.createTextNode(shown));
}

function attribute(token: Token, name: string): string {
  return String(token.attrs?.find(([key]) => key === name)?.[1] ?? "");
}

/** The plain text of tokens, as an image's description needs it. */
function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => (token.children ? plainText(token.children) : token.type.endsWith("break") ? " " : token.content))
    .join("");
}

function imageNode(token: Token, page: Page): Node {
  const alt = visible(plainText(token.children ?? [])).trim();
  const source = attribute(token, "src");
  const found = imageAddress(source);
  if (!found) return element("span", "jor-image", `image${alt ? `: ${alt}` : ""} (${visible(source)})`);
  if (page.loaded.has(found.href)) return loadedImage(found.href, alt);
  const label = element("span", "jor-image-label", alt || "image", " ", element("span", "jor-host", visible(found.host)));
  const load = button("jor-image-load", `load the image from ${visible(found.host)}`, "load");
  const holder = element("span", "jor-image", label, load);
  holder.title = visible(found.href);
  return holder;
}

/** An image that the reader asked for. */
export function loadedImage(src: string, alt: string): HTMLImageElement {
  const image = element("img", "jor-image-loaded");
  image.referrerPolicy = "no-referrer";
  image.alt = alt;
  image.src = src;
  return image;
}

function openLink(href: string): Open {
  const found = address(href);
  if (!found) return { node: element("span", "jor-nolink"), tag: "", href };
  const node = element("a");
  node.href = found.href;
  node.rel = REL;
  node.target = "_blank";
  return { node, tag: "", href: found.href };
}

function closeLink({ node, href = "" }: Open): void {
  const found = address(href);
  const label = node.textContent ?? "";
  if (!found) addText(node, label.trim() === visible(href) ? "" : ` (${href})`);
  else {
    const host = hostToShow(label, found);
    if (host) node.append(" ", element("span", "jor-host", `(${visible(host)})`));
  }
}

/** Adds a text in which mail addresses are links. */
function addWithMail(parent: HTMLElement, text: string): void {
  cutAtMail(text).forEach((piece, at) => {
    if (at % 2 === 0) return addText(parent, piece);
    const { node } = openLink(`mailto:${piece}`);
    addText(node, piece);
    parent.append(node);
  });
}

/** Appends the nodes of `tokens` to `parent`. */
export function appendInline(parent: HTMLElement, tokens: readonly Token[], page: Page): void {
  const stack: Open[] = [{ node: parent, tag: "" }];
  const top = () => (stack[stack.length - 1] as Open).node;
  const open = (made: Open) => {
    top().appendChild(made.node);
    stack.push(made);
  };
  /** Closes down to the innermost Markdown element; fixed tags that are open inside it end with it. */
  const closeMarkdown = () => {
    while (stack.length > 1) {
      const closed = stack.pop() as Open;
      if (closed.tag) continue;
      if (closed.href !== undefined) closeLink(closed);
      return;
    }
  };
  let links = 0;
  for (const token of tokens) {
    const { type } = token;
    links += type === "link_open" ? 1 : type === "link_close" ? -1 : 0;
    const markdown = MARKDOWN[type];
    if (markdown) open({ node: element(markdown), tag: "" });
    else if (type === "link_open") open(openLink(attribute(token, "href")));
    else if (type.endsWith("_close") && type !== "tag_close") closeMarkdown();
    else if (type === "tag_open" && stack.length <= DEEPEST) open({ node: element(token.tag as keyof HTMLElementTagNameMap), tag: token.tag });
    else if (type === "tag_close") {
      let at = stack.length - 1;
      while (at > 0 && stack[at]?.tag && stack[at]?.tag !== token.tag) at--;
      if (at > 0 && stack[at]?.tag === token.tag) stack.length = at;
      else addText(top(), token.content);
    } else if (type === "tag_void" && VOID_TAGS.has(token.tag)) top().append(element(token.tag as "br" | "wbr"));
    else if (type === "hardbreak") top().append(element("br"));
    else if (type === "softbreak") addText(top(), "\n");
    else if (type === "code_inline") {
      const code = element("code", "", visible(token.content));
      code.dir = "ltr";
      top().append(code);
    } else if (type === "math") top().append(mathNode(token.content, false));
    else if (type === "note") top().append(page.noteMark(token.content));
    else if (type === "text" && !links) addWithMail(top(), token.content);
    else if (type === "image") top().append(imageNode(token, page));
    else addText(top(), token.content);
  }
}
