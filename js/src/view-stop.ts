/** Makes the button that stops an answer. */
import { button, element } from "./view-element";

export function stopButton(onStop: () => void): HTMLButtonElement {
  const square = element("span", "jor-square");
  square.setAttribute("aria-hidden", "true");
  const made = button("jor-button jor-stop", "Stop the answer", square, "Stop");
  made.title = "Stop (Esc)";
  made.addEventListener("click", onStop);
  return made;
}
