/** Entry of the core: takes over a model from the loader, and renders views of it. */
import { renderAnswer } from "./answer";
import { openChat } from "./chat-core";
import { isCutOff, type Model } from "./kernel";
import { Link } from "./link";
import type { FromKernel } from "./protocol";
import { ensureStyles } from "./styles";
import { isRunning } from "./transcript";

/** What the loader keeps for one model; it stays the same object for as long as the model lives. */
export interface Entry {
  model: Model;
  /** Messages that came before the core did. */
  queue: FromKernel[];
}

/** What the loader calls. */
export interface Core {
  /** Takes over a model, with the messages that waited. */
  hear(entry: Entry, message: FromKernel): void;
  render(entry: Entry, el: HTMLElement, signal: AbortSignal): void;
  close(entry: Entry): void;
}

const links = new WeakMap<Entry, Link>();

/** The messages that came before the core and still count: settled turns, and those of the newest answer, while it runs. */
function waiting(entry: Entry, link: Link): FromKernel[] {
  const queue = entry.queue.splice(0);
  const running = isRunning(link.transcript.state);
  const numbers = queue.map((message) => ("answer" in message ? message.answer : 0));
  const newest = numbers.reduce((most, number) => Math.max(most, number), 0);
  return queue.filter((message, at) => message.type === "turns" || message.type === "conversation" || (running && numbers[at] === newest));
}

function linkOf(entry: Entry): Link {
  const known = links.get(entry);
  if (known) return known;
  const link = new Link(entry.model);
  links.set(entry, link);
  for (const message of waiting(entry, link)) link.hear(message);
  return link;
}

export function hear(entry: Entry, message: FromKernel): void {
  linkOf(entry).hear(message);
}

export function render(entry: Entry, el: HTMLElement, signal: AbortSignal): void {
  const link = linkOf(entry);
  ensureStyles(el);
  // A host may put the element into its shadow root only after this call.
  requestAnimationFrame(() => {
    ensureStyles(el);
    if (isCutOff(el)) link.lose();
  });
  if (link.kind === "chat") openChat(link, el, signal);
  else renderAnswer(link, el, signal);
}

export function close(entry: Entry): void {
  links.get(entry)?.close();
  links.delete(entry);
}
