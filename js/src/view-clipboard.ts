/** Puts text on the clipboard, also where the page may not do that by itself. */
import { element } from "./view-element";

/** True when the text is on the clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // pages without https have no such clipboard
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const box = element("textarea", "jor-spoken");
  box.value = text;
  document.body.append(box);
  box.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  box.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}
