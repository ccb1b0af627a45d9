/** Joins the model of one magic cell's answer to a view of it in an output. */
import type { Link } from "./link";
import { isRunning } from "./transcript";
import { AnswerView } from "./view-answer";
import { element } from "./view-element";
import { FailureView } from "./view-failure";
import { Frames } from "./view-frames";
import { StatusView } from "./view-status";
import { stopOnEscape } from "./view-keys";

export function renderAnswer(link: Link, el: HTMLElement, signal: AbortSignal): void {
  const stop = () => link.stop();
  const answer = new AnswerView(signal);
  const failure = new FailureView();
  const status = new StatusView(stop);
  const root = element("div", "jor-root jor-live", answer.root, failure.root, status.root);
  stopOnEscape(root, () => isRunning(link.transcript.state), stop, signal);
  const frames = new Frames(() => {
    const now = link.transcript;
    answer.take({ ...now, running: isRunning(now.state) });
    failure.take(isRunning(now.state) ? null : now.error);
    status.take(now, link.stopping);
    return answer.draw();
  }, signal);
  link.watch(frames.request, signal);
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
