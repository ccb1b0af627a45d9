/** Joins the model of a chat to a view of it in an output. */
import type { Link } from "./link";
import { isRunning } from "./transcript";
import { ComposerView } from "./view-composer";
import { element } from "./view-element";
import { FailureView } from "./view-failure";
import { Frames } from "./view-frames";
import { stopOnEscape } from "./view-keys";
import { StatusView } from "./view-status";
import { TurnsView } from "./view-turns";

export function renderChat(link: Link, el: HTMLElement, signal: AbortSignal): void {
  const stop = () => link.stop();
  const turns = new TurnsView(signal);
  const failure = new FailureView();
  const status = new StatusView(null);
  const composer = new ComposerView(link, signal);
  const root = element("div", "jor-root jor-chat", turns.root, failure.root, status.root, composer.root);
  stopOnEscape(root, () => isRunning(link.transcript.state), stop, signal);
  let asked = link.transcript.asking;
  const frames = new Frames(() => {
    const now = link.transcript;
    const running = isRunning(now.state);
    if (now.asking) asked = now.asking;
    turns.take(now);
    failure.take(running ? null : now.error);
    status.take(now, link.stopping);
    composer.take(running, link.draft);
    if (!running && asked) {
      // A question that no turn has taken in goes back into the box.
      if (!now.messages.some((turn) => turn.role === "user" && turn.content === asked) && now.state !== "idle") composer.putBack(asked);
      asked = "";
    }
    return turns.draw();
  }, signal);
  link.watch(frames.request, signal);
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
