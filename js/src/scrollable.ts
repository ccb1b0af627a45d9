/** Lets what is too wide for the page be scrolled by keyboard, too. */
import { whenIdle } from "./idle";

/** Puts the element among those that Tab reaches, if its content is wider than itself once it is laid out. */
export function scrollByKeyboard(element: HTMLElement): void {
  whenIdle(() => {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    return false;
  });
}
