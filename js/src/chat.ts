/** Joins the model of a chat to a view of it in an output. */
import type { Kit } from "./kit";
import type { Link } from "./link";
import { isRunning } from "./transcript";
import { ComposerView } from "./view-composer";
import { element } from "./view-element";
import type { Frames } from "./view-frames";
import { stopOnEscape } from "./view-keys";
import { TurnsView } from "./view-turns";

export function renderChat(kit: Kit, link: Link, el: HTMLElement, signal: AbortSignal): void {
  const stop = () => link.stop();
  const turns = new TurnsView(kit, (id) => link.pictures.address(id), signal);
  const failure = new kit.FailureView();
  const status = new kit.StatusView(null);
  const composer = new ComposerView(link, signal);
  const root = element("div", "jor-root jor-chat", turns.root, failure.root, status.root, composer.root);
  stopOnEscape(root, () => isRunning(link.transcript.state) && !link.gone, stop, signal);
  let asked = link.transcript.asking;
  const pace = kit.paceOf(root, signal, () => frames.request());
  const frames: Frames = new kit.Frames(() => {
    const now = link.transcript;
    const running = isRunning(now.state);
    if (now.asking) asked = now.asking;
    turns.take(now, link.gone);
    failure.take(running ? null : now.error);
    status.take(now, link.stopping, link.gone);
    composer.take(running && !link.gone, link.draft, link.gone);
    if (!running && asked) {
      // A question that no turn has taken in goes back into the box.
      if (!now.messages.some((turn) => turn.role === "user" && turn.content === asked) && now.state !== "idle") composer.putBack(asked);
      asked = "";
    }
    return turns.draw();
  }, () => (isRunning(link.transcript.state) && link.transcript.text ? pace() : 0), signal);
  link.watch(frames.request, signal);
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
