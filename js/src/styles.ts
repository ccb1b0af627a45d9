/** Puts the style sheet once into the page, or into the shadow root that a host renders in. */
import growing from "./growing.css";
import parts from "./parts.css";
import layered from "./styles.css";
import text from "./text.css";

const MARK = "data-jor-styles";

export function ensureStyles(el: HTMLElement): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  const sheet = layered + text + growing + parts;
  // Another version of the package, in a page that has not been loaded again, brings a sheet of its own.
  if (Array.from(place.querySelectorAll(`style[${MARK}]`)).some((known) => known.textContent === sheet)) return;
  const style = document.createElement("style");
  style.setAttribute(MARK, "");
  style.textContent = sheet;
  place.append(style);
}
