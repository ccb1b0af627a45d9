/** Does what can wait in slices of a few milliseconds, while the page has nothing better to do. */

/** Longest slice, in milliseconds; one step of a job may go over it. */
const SLICE = 8;
/** After so many milliseconds a busy page does one slice anyway. */
const LATEST = 400;

/** One step of some work; true when more is left. */
export type Job = () => boolean;

const jobs = new Set<Job>();
let waiting = false;

/** Runs `job` again and again until it says that nothing is left; one that waits already is not added twice. */
export function whenIdle(job: Job): void {
  jobs.add(job);
  if (waiting) return;
  waiting = true;
  if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: LATEST });
  else setTimeout(run, 16);
}

function run(): void {
  waiting = false;
  const end = performance.now() + SLICE;
  for (const job of jobs) {
    jobs.delete(job);
    try {
      while (job()) {
        if (performance.now() < end) continue;
        whenIdle(job);
        break;
      }
    } catch (error) {
      console.error("[jupyter_openrouter] what was done in idle time failed", error);
    }
    if (performance.now() >= end) break;
  }
  const next = jobs.values().next().value;
  if (next) whenIdle(next);
}
