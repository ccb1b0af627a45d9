/** A snapshot that fills a gap inside a block that is open: the page goes on from what it shows, and ends the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { close, hear, render, type Entry } from "../src/core";
import { FakeHost, frame, html, whole } from "./page";

const OPEN: Record<string, { text: string; kept: string }> = {
  fence: { text: "Before.\n\n```py\n" + Array.from({ length: 90 }, (_, at) => `line_${at} = ${at}\n`).join("") + "```\n\nAfter.", kept: ".jor-chunk" },
  formula: { text: "Before.\n\n$$\n" + Array.from({ length: 20 }, (_, at) => `x_{${at}} +\n`).join("") + "y\n$$\n\nAfter.", kept: "p" },
  table: { text: "Before.\n\n| a | b |\n|---|---|\n" + Array.from({ length: 40 }, (_, at) => `| row ${at} | **b** |\n`).join("") + "\nAfter.", kept: "tbody tr" },
  paragraph: { text: "Before **bold** and ".repeat(300) + "\n\nAfter.", kept: "p" },
};

for (const [name, { text, kept }] of Object.entries(OPEN)) {
  for (const lost of [0.3, 0.5, 0.71]) {
    test(`a snapshot inside an open ${name}, ${100 * lost} % of it shown`, async () => {
      const host = new FakeHost({ _kind: "answer", _core_id: "c", state: "streaming", message: "", reasoning: "", model: "m", error: null, interruptible: false });
      const entry: Entry = { model: host.proxy(), queue: [] };
      const life = new AbortController();
      const el = document.body.appendChild(document.createElement("div"));
      render(entry, el, life.signal);
      const more = { reasoning_offset: 0, reasoning: "", tokens: 1, seconds: 1 };
      const delta = (from: number, to: number) => hear(entry, { type: "delta", answer: 1, offset: from, text: text.slice(from, to), ...more } as never);
      const page = () => el.querySelector(".jor-text") as HTMLElement;
      const shown = () => html(page().cloneNode(true) as HTMLElement);
      const first = Math.floor(text.length * lost);
      delta(0, first);
      // A long paragraph is shown over several frames.
      for (let at = 0; at < 100 && (at < 1 || (name === "paragraph" && (page().textContent ?? "").length < 0.8 * first - 20)); at++) await frame();
      const before = page().querySelector(kept);
      const words = page().textContent ?? "";
      assert.ok(before);
      delta(first + 7, first + 9);
      await frame();
      assert.deepEqual(host.sent.filter(({ type }) => type === "resync").length, 1);
      assert.equal(page().textContent, words, "nothing is shown out of order");
      hear(entry, { type: "snapshot", answer: 1, text: text.slice(0, first + 9), reasoning: "", tokens: 1, seconds: 1 } as never);
      await frame();
      assert.equal(page().querySelector(kept), before, "what was there is not made anew");
      delta(first + 9, text.length);
      host.set({ state: "done", message: text });
      for (let at = 0; at < 40 && shown() !== html(whole(text)); at++) await frame();
      assert.ok(shown() === html(whole(text)), page().textContent ?? "");
      assert.equal(page().querySelector(kept), before);
      life.abort();
      close(entry);
      el.remove();
    });
  }
}
