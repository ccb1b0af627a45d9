/** Joins the model of one magic cell's answer to a view of it in an output. */
import type { Link } from "./link";
import { isRunning } from "./transcript";
import { AnswerView } from "./view-answer";
import { element } from "./view-element";
import { FailureView } from "./view-failure";
import { endInHost, Follow } from "./view-follow";
import { Frames, paceOf } from "./view-frames";
import { holdHeight } from "./view-hold";
import { JumpView } from "./view-jump";
import { StatusView } from "./view-status";
import { stopOnEscape } from "./view-keys";

export function renderAnswer(link: Link, el: HTMLElement, signal: AbortSignal): void {
  const stop = () => link.stop();
  const answer = new AnswerView((id) => link.pictures.address(id), signal);
  const failure = new FailureView();
  const status = new StatusView(stop);
  const root = element("div", "jor-root jor-live", answer.root, failure.root, status.root);
  const isLive = () => isRunning(link.transcript.state) && !link.gone;
  const follow = new Follow(endInHost(root), signal, null, () => jump.take(isLive()));
  const jump = new JumpView(root, follow, signal);
  root.append(jump.root);
  stopOnEscape(root, isLive, stop, signal);
  const pace = paceOf(status.root, signal, () => frames.request());
  const frames: Frames = new Frames(() => {
    const now = link.transcript;
    const running = isLive();
    answer.take({ ...now, running });
    failure.take(isRunning(now.state) ? null : now.error);
    status.take(now, link.stopping, link.gone);
    const more = answer.draw();
    if (running) follow.keep();
    jump.take(running);
    return more;
  }, () => (isLive() && link.transcript.text ? pace() : 0), signal);
  link.watch(frames.request, signal);
  el.append(root);
  keepOnResize(root, signal, () => isLive() && follow.follows && follow.keep(false));
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
  // A host may put the element into the page only after this call.
  requestAnimationFrame(() => holdHeight(root, signal));
}

/** What is out of view has a guessed height, and another one once it is laid out: often after the last piece of text. */
function keepOnResize(root: HTMLElement, signal: AbortSignal, keep: () => void): void {
  if (typeof ResizeObserver !== "function") return;
  const observer = new ResizeObserver(keep);
  observer.observe(root);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
