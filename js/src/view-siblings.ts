/** Hides the transcript that a notebook keeps after a chat, while the chat itself is there to read. */

/** How each of its outputs begins. */
const MARK = /^\s*Transcript(?: of the chat above|, continued)/;

/** Hides those that follow `el`'s output, also as they come; all are shown again when `signal` aborts. */
export function hideTranscripts(el: HTMLElement, signal: AbortSignal): void {
  const own = el.closest<HTMLElement>(".jp-OutputArea-child");
  const area = own?.parentElement;
  if (!own || !area || signal.aborted) return;
  const hidden = new Set<HTMLElement>();
  const look = () => {
    let sibling = own.nextElementSibling;
    const now = new Set<HTMLElement>();
    for (; sibling instanceof HTMLElement && isTranscript(sibling); sibling = sibling.nextElementSibling) now.add(sibling);
    for (const one of hidden) if (!now.has(one)) reveal(one);
    for (const one of now) one.style.setProperty("display", "none", "important");
    hidden.clear();
    for (const one of now) hidden.add(one);
    // What is drawn later, or anew, may turn out to be one.
    for (let one = own.nextElementSibling; one; one = one.nextElementSibling) observer.observe(one, { childList: true, subtree: true });
  };
  const observer = new MutationObserver(look);
  observer.observe(area, { childList: true });
  look();
  signal.addEventListener("abort", () => {
    observer.disconnect();
    for (const one of hidden) reveal(one);
  }, { once: true });
}

function reveal(output: HTMLElement): void {
  output.style.removeProperty("display");
}

function isTranscript(output: HTMLElement): boolean {
  const drawn = output.querySelector(".jp-OutputArea-output");
  return MARK.test(drawn?.textContent ?? "");
}
