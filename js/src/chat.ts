/** Joins the model of a chat to a view of it in an output. */
import turnSheet from "./chat.css";
import { ChatTurns } from "./chat-turns";
import { type Desk, newDesk } from "./desk";
import deskSheet from "./desk.css";
import type { Kit } from "./kit";
import type { Link } from "./link";
import popupSheet from "./popups.css";
import { isRunning } from "./transcript";
import { DeskView } from "./view-desk";
import { element } from "./view-element";
import type { Frames } from "./view-frames";
import { stopOnEscape } from "./view-keys";

const SHEET = turnSheet + deskSheet + popupSheet;

/** What is being written in a chat outlives its views. */
const desks = new WeakMap<Link, Desk>();

function deskOf(link: Link): Desk {
  const known = desks.get(link) ?? newDesk(link, link.closed);
  desks.set(link, known);
  return known;
}

export function renderChat(kit: Kit, link: Link, el: HTMLElement, signal: AbortSignal): void {
  kit.ensureStyles(el, SHEET);
  // A host may put the element into its shadow root only after this call.
  requestAnimationFrame(() => kit.ensureStyles(el, SHEET));
  const kept = deskOf(link);
  const pick = (near: HTMLElement, onPick: (model: string) => void) => void desk.pick(near).then((model) => model && onPick(model));
  const turns = new ChatTurns(kit, link, kept.draft, pick, () => frames.request(), signal);
  const status = new kit.StatusView(null);
  const root = element("div", "jor-root jor-chat", turns.root, status.root);
  const desk = new DeskView({ desk: kept, orders: link, chat: root, list: turns.log }, signal);
  root.append(desk.root);
  stopOnEscape(root, () => isRunning(link.transcript.state) && !link.gone, () => link.stop(), signal);
  const pace = kit.paceOf(root, signal, () => frames.request());
  const frames: Frames = new kit.Frames(() => {
    const now = link.transcript;
    root.classList.toggle("jor-lost", link.gone);
    root.classList.toggle("jor-compact", now.compact);
    turns.take(now, link.gone);
    status.take(now, link.stopping, link.gone);
    desk.take(now, link.gone);
    return turns.draw();
  }, () => (isRunning(link.transcript.state) && link.transcript.text ? pace() : 0), signal);
  link.watch(frames.request, signal);
  // Not only when it is drawn: what comes and goes between two frames counts as well.
  link.watch(() => kept.draft.take(link.transcript), signal);
  el.classList.add("jor-place");
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
