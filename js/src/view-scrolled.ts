/** Lets the keyboard reach what is too wide for its place, tables and code, once it cannot change any more. */

const FRAMES = ".jor-table, .jor-code pre";

/** Looks at the frames in `root` when they come into view: a frame that does not scroll needs no stop for Tab. */
export function reachFrames(root: HTMLElement, signal: AbortSignal): () => void {
  if (typeof IntersectionObserver !== "function") return () => undefined;
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) reach(target as HTMLElement);
  });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  return () => {
    observer.disconnect();
    for (const frame of Array.from(root.querySelectorAll(FRAMES))) observer.observe(frame);
  };
}

function reach(frame: HTMLElement): void {
  if (frame.scrollWidth <= frame.clientWidth) {
    frame.removeAttribute("tabindex");
    return;
  }
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", frame.tagName === "PRE" ? "code" : "table");
}
