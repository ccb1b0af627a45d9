/** Answers clicks and copying inside rendered Markdown: copy code, load an image, go to a heading. */
import { sourceOf } from "./code";
import { loadedImage } from "./inline";
import { imageAddress } from "./links";
import { copyFormulas } from "./math";
import { element } from "./view-element";

/** How long a button says that it has copied, in milliseconds. */
const SAID = 1500;

export function answerClicks(root: HTMLElement, loaded: Set<string>, signal?: AbortSignal): void {
  const onClick = (event: MouseEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    const copy = target?.closest<HTMLButtonElement>(".jor-copy");
    const load = target?.closest<HTMLButtonElement>(".jor-image-load");
    const place = target?.closest<HTMLAnchorElement>('a[href^="#"]');
    if (!copy && !load && !place) return;
    event.preventDefault();
    if (copy) void copyCode(copy);
    else if (load) loadImage(load, loaded);
    else if (place) goTo(root, place.getAttribute("href") ?? "");
  };
  root.addEventListener("click", onClick, signal ? { signal } : {});
  copyFormulas(root, signal);
}

async function copyCode(button: HTMLButtonElement): Promise<void> {
  const block = button.closest(".jor-code");
  const code = block?.querySelector("code");
  if (!block || !code) return;
  let said = "copied";
  try {
    await navigator.clipboard.writeText(sourceOf(block));
  } catch {
    // No clipboard for pages without https: select the code, so that one key copies it.
    getSelection()?.selectAllChildren(code);
    said = "selected";
  }
  button.textContent = said;
  announce(button, said);
  setTimeout(() => (button.textContent = "copy"), SAID);
}

/** Says it to a screen reader, which hears a status that was there, and empty, before. */
function announce(button: HTMLElement, said: string): void {
  const status = element("span", "jor-spoken");
  status.setAttribute("role", "status");
  button.after(status);
  setTimeout(() => (status.textContent = said), 50);
  setTimeout(() => status.remove(), SAID);
}

function loadImage(button: HTMLButtonElement, loaded: Set<string>): void {
  const holder = button.closest<HTMLElement>(".jor-image");
  const found = imageAddress(holder?.title ?? "");
  if (!holder || !found) return;
  loaded.add(found.href);
  const host = holder.querySelector(".jor-host")?.textContent ?? "";
  const label = holder.querySelector(".jor-image-label")?.textContent ?? "";
  holder.replaceWith(loadedImage(found.href, label.slice(0, label.length - host.length).trim()));
}

/** Headings have no ids, which would be names in the page; they are found by the slug of their text. */
function goTo(root: HTMLElement, hash: string): void {
  let wanted = hash.slice(1);
  try {
    wanted = decodeURIComponent(wanted);
  } catch {
    // Not percent-encoded: taken as it stands.
  }
  const slug = (text: string) => text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
  const heading = Array.from(root.querySelectorAll("h1,h2,h3,h4,h5,h6")).find((node) => slug(node.textContent ?? "") === slug(wanted));
  heading?.scrollIntoView({ block: "start" });
}
