/** Joins the model of a chat to a view of it in an output. */
import type { Kit } from "./kit";
import type { Link } from "./link";
import { isRunning } from "./transcript";
import { type Desk, newDesk } from "./desk";
import deskSheet from "./desk.css";
import popupSheet from "./popups.css";
import { DeskView } from "./view-desk";
import { element } from "./view-element";
import type { Frames } from "./view-frames";
import { stopOnEscape } from "./view-keys";
import { TurnsView } from "./view-turns";

/** What is being written in a chat outlives its views. */
const desks = new WeakMap<Link, Desk>();

function deskOf(link: Link): Desk {
  const known = desks.get(link) ?? newDesk(link);
  desks.set(link, known);
  return known;
}

export function renderChat(kit: Kit, link: Link, el: HTMLElement, signal: AbortSignal): void {
  const stop = () => link.stop();
  const turns = new TurnsView(kit, (id) => link.pictures.address(id), signal);
  const failure = new kit.FailureView();
  const status = new kit.StatusView(null);
  const root = element("div", "jor-root jor-chat", turns.root, failure.root, status.root);
  const desk = new DeskView({ desk: deskOf(link), orders: link, chat: root, list: turns.root }, signal);
  root.append(desk.root);
  kit.ensureStyles(el, deskSheet + popupSheet);
  requestAnimationFrame(() => kit.ensureStyles(el, deskSheet + popupSheet));
  stopOnEscape(root, () => isRunning(link.transcript.state) && !link.gone, stop, signal);
  const pace = kit.paceOf(root, signal, () => frames.request());
  const frames: Frames = new kit.Frames(() => {
    const now = link.transcript;
    const running = isRunning(now.state);
    turns.take(now, link.gone);
    failure.take(running ? null : now.error);
    status.take(now, link.stopping, link.gone);
    root.classList.toggle("jor-compact", now.compact);
    desk.take(now, link.gone);
    return turns.draw();
  }, () => (isRunning(link.transcript.state) && link.transcript.text ? pace() : 0), signal);
  link.watch(frames.request, signal);
  // Not only when it is drawn: what comes and goes between two frames counts as well.
  link.watch(() => deskOf(link).draft.take(link.transcript), signal);
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
