/** Whoever goes up is left alone, however late a busy page hears of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Follow } from "../src/view-follow";
import "./page";

/** Something that grows in a scroller, 500 pixels of which are seen, with the reader at its end. */
function followed(signal: AbortSignal) {
  const box = document.body.appendChild(document.createElement("div"));
  const size = { height: 2000 };
  Object.defineProperties(box, { scrollHeight: { get: () => size.height }, clientHeight: { value: 500 } });
  const below = () => size.height - box.scrollTop - 500;
  box.scrollTop = 1500;
  const follow = new Follow({ heard: box, scroller: () => box, below }, signal, true);
  follow.keep();
  const grow = (by: number) => {
    size.height += by;
    follow.keep();
  };
  grow(100);
  return { box, size, follow, grow, wheel: (by: number) => box.dispatchEvent(Object.assign(new Event("wheel"), { deltaY: by })) };
}
Object.defineProperty(globalThis, "WheelEvent", { value: Event, configurable: true });

test("a wheel that is heard after it has moved the page still ends the following", () => {
  const end = new AbortController();
  const { box, follow, grow, wheel } = followed(end.signal);
  assert.equal(box.scrollTop, 1600);
  box.scrollTop = 1570;
  box.dispatchEvent(new Event("scroll"));
  wheel(-30);
  assert.equal(follow.follows, false);
  grow(200);
  assert.equal(box.scrollTop, 1570);
  end.abort();
});

test("a move up that nobody made does not end it, nor does a wheel that moves nothing", () => {
  const end = new AbortController();
  const { box, follow, grow, wheel } = followed(end.signal);
  wheel(-30);
  grow(10);
  assert.equal(box.scrollTop, 1610);
  assert.equal(follow.follows, true);
  end.abort();
});

test("what shrinks and grows again before the browser tells of it is still followed, what the host moves is not", () => {
  const end = new AbortController();
  const { box, follow, grow, size } = followed(end.signal);
  const browserMoves = (to: number) => {
    box.scrollTop = to;
    box.dispatchEvent(new Event("scroll"));
  };
  size.height = 1900;
  box.scrollTop = 1400;
  size.height = 2900;
  browserMoves(1400);
  assert.equal(follow.follows, true);
  grow(100);
  assert.equal(box.scrollTop, 2500);
  // It shrinks, that is seen, and it grows before the move is heard.
  size.height = 2800;
  box.scrollTop = 2300;
  follow.keep();
  size.height = 3800;
  browserMoves(2300);
  assert.equal(follow.follows, true);
  grow(0);
  browserMoves(1000);
  assert.equal(follow.follows, false);
  grow(100);
  assert.equal(box.scrollTop, 1000);
  end.abort();
});

test("what the browser brings into view long after the last piece of text ends the following, whatever heights change", (context) => {
  const end = new AbortController();
  const { box, follow, size } = followed(end.signal);
  const now = performance.now();
  context.mock.method(performance, "now", () => now + 1500);
  size.height += 300;
  box.scrollTop = 200;
  box.dispatchEvent(new Event("scroll"));
  assert.equal(follow.follows, false);
  follow.keep(false);
  assert.equal(box.scrollTop, 200);
  end.abort();
});
