/** Opens a view of a chat: the lazy part's once that has come, and until then the turns with nothing beside them. */
import { kit } from "./kit";
import type { Link } from "./link";
import { part } from "./parts";
import { isRunning } from "./transcript";
import { AnswerView, settled } from "./view-answer";
import { element, setText } from "./view-element";
import { FailureView } from "./view-failure";
import { Frames } from "./view-frames";
import { PlainText } from "./view-plain";
import { StatusView } from "./view-status";

/** How long the part may take, in milliseconds, before the turns are shown without it. */
const PATIENCE = 300;
/** So many turns are shown without it. */
const MOST = 20;

export function openChat(link: Link, el: HTMLElement, signal: AbortSignal): void {
  const without = new AbortController();
  const there = part("chat", () => {
    without.abort();
    const come = part("chat", () => undefined);
    if (!signal.aborted) come?.render(kit, link, el, signal);
  });
  if (there) return there.render(kit, link, el, signal);
  signal.addEventListener("abort", () => without.abort(), { once: true });
  const timer = setTimeout(() => renderTurns(link, el, without.signal), link.gone ? 0 : PATIENCE);
  without.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

function renderTurns(link: Link, el: HTMLElement, signal: AbortSignal): void {
  const picture = (id: string) => link.pictures.address(id);
  const note = element("p", "jor-note");
  const turns = element("div", "jor-log");
  const answer = new AnswerView(picture, signal);
  const failure = new FailureView();
  const status = new StatusView(() => link.stop());
  const root = element("div", "jor-root jor-chat", note, turns, answer.root, failure.root, status.root);
  let shown: readonly unknown[] = [];
  let drawn: AnswerView[] = [];
  const question = (text: string) => {
    const plain = new PlainText(element("article", "jor-question"));
    plain.take(text);
    plain.draw(Number.POSITIVE_INFINITY);
    return plain.root;
  };
  const asked = element("div");
  root.insertBefore(asked, answer.root);
  const frames: Frames = new Frames(() => {
    const now = link.transcript;
    const running = isRunning(now.state);
    setText(note, link.gone ? "" : "The controls of this chat wait for the kernel.");
    if (shown !== now.messages) {
      shown = now.messages;
      drawn = [];
      turns.replaceChildren();
      for (const turn of now.messages.slice(-MOST)) {
        if (turn.role === "user") turns.append(question(turn.content));
        else {
          const view = new AnswerView(picture, signal);
          view.take(settled(turn, 0));
          drawn.unshift(view);
          turns.append(view.root);
        }
      }
      turns.scrollTop = turns.scrollHeight;
    }
    setText(asked, "");
    if (now.asking) asked.append(question(now.asking));
    answer.take(running ? { ...now, running: running && !link.gone } : { ...settled({ role: "assistant", content: "" }, now.epoch + 1) });
    failure.take(running ? null : now.error);
    status.take(now, link.stopping, link.gone);
    return answer.draw() || drawn.some((view) => view.draw());
  }, () => 33, signal);
  link.watch(frames.request, signal);
  el.append(root);
  signal.addEventListener("abort", () => root.remove(), { once: true });
  frames.request();
}
