/** Keeps the height of an output while its live view gives way to its saved form, so that the page does not jump. */

/** How long the saved form may take to be there, in milliseconds. */
const PATIENCE = 1000;

/** Watches the height of the output that `root` is in, and holds it for a moment when the view goes. */
export function holdHeight(root: HTMLElement, signal: AbortSignal): void {
  // Only JupyterLab's outputs empty themselves first: between two frames a long notebook would be a short one.
  const area = root.closest<HTMLElement>(".jp-OutputArea");
  if (!area || signal.aborted || typeof ResizeObserver !== "function") return;
  // Known beforehand: when a view goes, its nodes have left the page.
  let height = 0;
  const observer = new ResizeObserver(() => (height = area.offsetHeight || height));
  observer.observe(area);
  const onEnd = () => {
    observer.disconnect();
    area.style.minHeight = `${height}px`;
    setTimeout(() => (area.style.minHeight = ""), PATIENCE);
  };
  signal.addEventListener("abort", onEnd, { once: true });
}
