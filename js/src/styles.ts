/** Puts the style sheet once into the page, or into the shadow root that a host renders in. */
import growing from "./growing.css";
import parts from "./parts.css";
import layered from "./styles.css";
import text from "./text.css";

const MARK = "data-jor-styles";

export function ensureStyles(el: HTMLElement): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  if (place.querySelector(`style[${MARK}]`)) return;
  const style = document.createElement("style");
  style.setAttribute(MARK, "");
  style.textContent = layered + text + growing + parts;
  place.append(style);
}
