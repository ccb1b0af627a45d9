/** Lets Esc stop an answer while the focus is inside its view. */
export function stopOnEscape(root: HTMLElement, running: () => boolean, stop: () => void, signal: AbortSignal): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.isComposing || !running()) return;
    event.preventDefault();
    event.stopPropagation();
    stop();
  };
  root.addEventListener("keydown", onKey, { signal });
}
