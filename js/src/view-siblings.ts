/** Hides the transcript that a notebook keeps after a chat, while the chat itself is there to read. */

/** How each of its outputs begins; those that hold nothing yet are blank, and stand before the others. */
const MARK = /^\s*Transcript(?: of the chat above|, continued)/;
const THINGS = "img, svg, canvas, video, audio, iframe, object, input, button, .jupyter-widgets";

/** Hides those that follow `el`'s output, also as they come; all are shown again when `signal` aborts. */
export function hideTranscripts(el: HTMLElement, signal: AbortSignal): void {
  const own = el.closest<HTMLElement>(".jp-OutputArea-child");
  const area = own?.parentElement;
  if (!own || !area || signal.aborted) return;
  const hidden = new Set<HTMLElement>();
  const look = () => {
    const now = transcriptsAfter(own);
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

/** The outputs of the transcript, with the blank ones in front of them. */
function transcriptsAfter(own: Element): Set<HTMLElement> {
  const found = new Set<HTMLElement>();
  let blank: HTMLElement[] = [];
  for (let one = own.nextElementSibling; one instanceof HTMLElement; one = one.nextElementSibling) {
    const drawn = one.querySelector(".jp-OutputArea-output");
    const text = drawn?.textContent?.trim() ?? "";
    if (MARK.test(text)) {
      for (const each of [...blank, one]) found.add(each);
      blank = [];
    } else if (!text && !one.querySelector(THINGS)) blank.push(one);
    else break;
  }
  return found;
}
