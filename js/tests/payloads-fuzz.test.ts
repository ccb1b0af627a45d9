/** Documents grown from a grammar of hostile pieces, the same in every run: never a throw, never a stranger in the page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { purified, strangers } from "./oracle";
import { feed, html, pieces, random, whole } from "./page";
import { PAYLOADS } from "./payloads";

type Dice = () => number;
/** A choice of ways; in each, `<name>` stands for another choice. */
type Grammar = Record<string, string[]>;

const ADDRESSES = ["javascript:x", "https://a.example/?q=1", "//a.example", "data:text/html,x", "mailto:a@b.example", "#a", "http://[::1", "", "&#106;avascript:x", "java\\script:x", "x\u202ey", "<http://a b>", "\\(", "http://a.example/\"onclick=x"];

const GRAMMAR: Grammar = {
  document: ["<block>", "<block>\n<document>", "<block>\n\n<document>", "<block>\n<block>\n\n<document>"],
  block: ["<line>", "<line>", "# <line>", "> <line>\n<line>", "> <block>", "- <line>\n  <block>", "1. <line>", "<table>", "<fence>", "    <line>", "[<label>]: <address> <title>", "[^<label>]: <line>", "<line>\n===", "$$\n<line>\n$$", "---", "<html>", "- [x] <line>", "\t<line>"],
  line: ["<inline>", "<inline> <inline>", "<inline><inline><line>", "<inline>|<inline>", "<inline>  "],
  inline: ["a", "b ", "**<inline>**", "*<inline>", "<inline>*", "_<inline>_", "~~<inline>~~", "`<inline>`", "``<inline>`", "[<inline>](<address>)", "[<inline>](<address> <title>", "![<inline>](<address>)", "[<inline>][<label>]", "[<label>]", "![<label>][]", "<open><address>>", "<html>", "$<inline>$", "\\(<inline>\\)", "\\<mark>", "<mark>", "&<entity>", "[^<label>]", "https://<label>.example", "<payload>"],
  table: ["| <inline> | <inline> |\n| :-: | - |\n| <line> |\n| <inline> | `|` |", "<inline> | <inline>\n--- | ---:\n<line>", "|<inline>|\n|-|\n|<inline>|\n<block>"],
  fence: ["```<inline>\n<line>\n```", "~~~ <label>\n<block>\n~~~", "```\n<line>", "````<label> <title>\n```\n````"],
  html: ["<open><tag>>", "<open>/<tag>>", "<open><tag> onclick=x>", "<open><tag> <attribute>=<title>>", "<open>!-- <inline> -->", "<open><tag>\n<attribute>=x>", "<open>![CDATA[<inline>]]>", "<open>?<tag> <inline>?>"],
  tag: ["b", "u", "kbd", "q", "br", "br/", "details", "summary", "script", "img src=x", "svg", "math", "style", "sup", "B", "a", "input", "constructor"],
  attribute: ["onerror", "style", "id", "name", "data-commandlinker-command", "href", "src", "is", "slot", "class", "open"],
  address: ADDRESSES,
  title: ["", "\"t\"", "'<inline>'", "(t)", "\"t", "\"' onclick='x\""],
  label: ["a", "A", "1", "__proto__", "a b", "<mark>", "x".repeat(30)],
  mark: ["*", "_", "`", "[", "]", "(", ")", "<open>", ">", "!", "|", "\\", "~", "$", "#", "-", "+", "=", ":", "\u202e", "\u0000", "\u200b", "\ud800", "\u2028", "\t", "\r", "^", "@", "\u0661", "\u05d0"],
  entity: ["lt;", "#60;", "#x3c;", "colon;", "NewLine;", "amp;lt;", "#x202e;", "nosuch;", "#0;", ""],
  open: ["<"],
  payload: Object.values(PAYLOADS).filter((text) => text.length < 160),
};
const DEEPEST = 9;

/** One document; where it gets too deep, the first and plainest way is taken. */
function grow(dice: Dice, name = "document", depth = 0): string {
  const ways = GRAMMAR[name] as string[];
  const way = depth > DEEPEST ? ways[0] : ways[Math.floor(dice() * ways.length)];
  if (name === "open" || name === "payload" || name === "address") return way ?? "";
  return (way ?? "").replace(/<([a-z]+)>/g, (_, next: string) => (next in GRAMMAR ? grow(dice, next, depth + 1) : `<${next}>`));
}

function assertInert(text: string, dice: Dice): void {
  const said = JSON.stringify(text);
  const root = whole(text);
  assert.deepEqual(strangers(root), [], said);
  assert.deepEqual(purified(root), [], said);
  const grown = feed(pieces(text, dice, 9), (page) => assert.deepEqual(strangers(page), [], said));
  assert.equal(html(grown), html(root), said);
}

const DOCUMENTS = Number(process.env.FUZZ ?? 120);

test(`${DOCUMENTS} documents from the grammar stay inert, and end the same however they are cut`, () => {
  let longest = 0;
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const dice = random(seed * 2654435761);
    const text = grow(dice).slice(0, 4000);
    longest = Math.max(longest, text.length);
    assertInert(text, dice);
  }
  assert.ok(longest > 400, "the grammar has grown nothing long");
});

test("two payloads cut anywhere and put together stay inert", () => {
  const all = Object.values(PAYLOADS);
  for (let seed = 1; seed <= DOCUMENTS; seed++) {
    const dice = random(seed * 40503);
    const some = () => {
      const text = all[Math.floor(dice() * all.length)] as string;
      return text.slice(Math.floor(dice() * text.length * 0.5), Math.ceil(text.length * (0.5 + dice() * 0.5)));
    };
    assertInert(`${some()}${["", " ", "\n", "\n\n", "\n> ", " | "][seed % 6]}${some()}`, dice);
  }
});

test("openers without an end, nested or in a row, neither throw nor show a stranger", () => {
  const openers = ["[", "![", "[a](", "*", "**a ", "_a", "~~", "<", "<b>", "<details>", "`", "> ", "- ", "1. ", "|", "$", "\\(", "\\[", "[^", "&#", "<!--", "[a]: ", "```\n", "> - ", "(", "\\", "  ", "~~~\n> ", "| a\n|-\n", "[a]:\n", "\u202e", "&amp;"];
  for (const opener of openers) {
    for (const text of [opener.repeat(2500), `x ${opener.repeat(1500)}`, `${opener.repeat(700)}\n\n${opener}`, `| a |\n|-|\n| ${opener.repeat(500)}`]) {
      assert.deepEqual(strangers(whole(text)), [], opener);
    }
    assert.deepEqual(strangers(feed(pieces(opener.repeat(300), random(7), 40))), [], opener);
  }
});
