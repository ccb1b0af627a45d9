/** Puts a style sheet once into the page, or into the shadow root that a host renders in. */
import growing from "./growing.css";
import parts from "./parts.css";
import layered from "./styles.css";
import text from "./text.css";

const MARK = "data-jor-styles";

const OURS = layered + text + growing + parts;

export function ensureStyles(el: HTMLElement, sheet = OURS): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  // Another version of the package, in a page that has not been loaded again, brings a sheet of its own.
  if (Array.from(place.querySelectorAll(`style[${MARK}]`)).some((known) => known.textContent === sheet)) return;
  const style = document.createElement("style");
  style.setAttribute(MARK, "");
  style.textContent = sheet;
  place.append(style);
}
