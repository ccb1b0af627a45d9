/** Tells when an element comes near the viewport, and when it goes away from there or out of the page. */

/** How far outside the viewport is near. */
const MARGIN = "600px 0px";
/** Notebooks scroll inside the page: `scrollMargin` counts there, where the browser knows it. */
const OPTIONS: IntersectionObserverInit & { scrollMargin: string } = { rootMargin: MARGIN, scrollMargin: MARGIN };

const tells = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

/** Calls `tell` at every change for as long as the element lives; without such an observer everything is near. */
export function whenNear(element: Element, tell: (near: boolean) => void): void {
  if (typeof IntersectionObserver !== "function") return tell(true);
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) tells.get(target)?.(isIntersecting);
    },
    OPTIONS,
  );
  tells.set(element, tell);
  observer.observe(element);
}
