/** Feeds a way of showing Markdown at one pace and counts frames and long tasks; the page's only entry for the benchmark. */
const CHARACTERS = 4; // in a token
const FRAME = 1000 / 60;

const nextFrame = () => new Promise(requestAnimationFrame);

/** Opens an empty pane with a way in it. */
export async function open(name) {
  const pane = document.querySelector("#pane");
  const { start } = await import(`/${name}.js`);
  const way = start(pane);
  for (let at = 0; at < 5; at++) await nextFrame();
  return { pane, way };
}

function longTasks() {
  const found = [];
  const observer = new PerformanceObserver((list) => found.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: "longtask" });
  return () => {
    found.push(...observer.takeRecords().map(({ duration }) => duration));
    observer.disconnect();
    return found;
  };
}

/**
 * Streams `text` at `rate` tokens/s, in each frame what has come since the one before; with `step`, so many characters
 * in each frame however long it took. Gives up at `cap` milliseconds.
 */
export async function stream({ pane, way }, { text, rate, step, follow, cap, last }) {
  const ended = longTasks();
  let fed = 0;
  let frames = 0;
  let dropped = 0;
  let longest = 0;
  const began = performance.now();
  let before = began;
  const isShown = () => pane.textContent.slice(-200).includes(last);
  while (performance.now() - began < cap) {
    await nextFrame();
    const now = performance.now();
    const missed = Math.max(0, Math.round((now - before) / FRAME) - 1);
    frames += 1 + missed;
    dropped += missed;
    longest = Math.max(longest, now - before);
    before = now;
    const due = step ? fed + step : Math.floor(((now - began) / 1000) * rate * CHARACTERS);
    if (fed < text.length && due > fed) {
      way.feed(text.slice(fed, due));
      fed = Math.min(due, text.length);
      if (fed === text.length) way.finish();
    }
    if (follow) pane.scrollTop = pane.scrollHeight;
    if (fed === text.length && isShown()) break;
  }
  const milliseconds = performance.now() - began;
  await nextFrame();
  const tasks = ended();
  return { fed, whole: isShown(), milliseconds, frames, dropped, gap: longest, tasks: tasks.length, task: Math.max(0, ...tasks) };
}

/** Puts `text` there in large pieces and waits until it has been shown. */
export async function load({ pane, way }, { text, last }) {
  for (let at = 0; at < text.length; at += 32_768) {
    way.feed(text.slice(at, at + 32_768));
    await nextFrame();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const until = performance.now() + 60_000;
  while (!pane.textContent.slice(-400).includes(last) && performance.now() < until) await nextFrame();
  pane.scrollTop = pane.scrollHeight;
  for (let at = 0; at < 30; at++) await nextFrame();
  return pane.textContent.slice(-400).includes(last);
}

/**
 * Shows one piece after the other, each with `rest` milliseconds to come on screen; the median of what one cost until its
 * layout is done: the call, the timers and frames that it asked for, or the way to its last change of the page.
 */
export async function updates({ pane, way }, { pieces, rest }) {
  const costs = [];
  const layout = () => pane.scrollHeight;
  let cost = 0;
  let changed = 0;
  const timed = (work, again) => {
    const began = performance.now();
    work(again);
    layout();
    cost += performance.now() - began;
  };
  const { requestAnimationFrame: frame, setTimeout: timer } = globalThis;
  const rested = () => new Promise((resolve) => timer(resolve, rest));
  const observer = new MutationObserver(() => {
    layout();
    changed = performance.now();
  });
  observer.observe(pane, { subtree: true, childList: true, characterData: true });
  globalThis.requestAnimationFrame = (work) => frame((now) => timed(work, now));
  globalThis.setTimeout = (work, ...more) => (typeof work === "function" ? timer(() => timed(work), ...more) : timer(work, ...more));
  for (const piece of pieces) {
    pane.scrollTop = layout();
    await new Promise((resolve) => frame(resolve));
    cost = 0;
    const began = (changed = performance.now());
    timed(() => way.feed(piece));
    await rested();
    // Who works in promises or messages is timed to the last change; who does not, by the work that was asked for.
    costs.push(way.isAsync ? changed - began : cost);
  }
  observer.disconnect();
  Object.assign(globalThis, { requestAnimationFrame: frame, setTimeout: timer });
  costs.sort((a, b) => a - b);
  return costs[costs.length >> 1];
}
