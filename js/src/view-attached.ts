/** Shows what goes with a question: images as a small picture, all else by name, kind and size. */
import { size } from "./figures";
import type { Attached } from "./protocol";
import { element, show } from "./view-element";
import { icon } from "./view-icons";
import { iconButton } from "./view-toolbar";
import { visible } from "./visible";

export class AttachedView {
  readonly root = element("ul", "jor-attached");
  readonly #picture: (id: string) => string;
  /** Images that are on their way: where they will stand, and their ids. */
  readonly #waiting = new Map<HTMLElement, string>();

  /** `picture` gives the address of an image by its id, or "" while it is on its way. */
  constructor(picture: (id: string) => string) {
    this.#picture = picture;
    this.root.setAttribute("aria-label", "attachments");
    show(this.root, false);
  }

  /** Shows these; with `remove`, each with a button that calls it with its index. */
  take(attachments: readonly Attached[] | undefined, remove?: (at: number) => void): void {
    this.#waiting.clear();
    this.root.replaceChildren(...(attachments ?? []).map((one, at) => this.#chip(one, remove && (() => remove(at)))));
    show(this.root, !!attachments?.length);
    this.draw();
  }

  /** Puts the images in that have come; true while some have not. */
  draw(): boolean {
    for (const [place, id] of this.#waiting) {
      const address = this.#picture(id);
      if (!address) continue;
      this.#waiting.delete(place);
      const image = element("img", "jor-attached-image");
      image.alt = "";
      image.decoding = "async";
      image.src = address;
      place.replaceChildren(image);
    }
    return this.#waiting.size > 0;
  }

  #chip({ kind, name, bytes, id }: Attached, remove?: () => void): HTMLElement {
    const sign = element("span", "jor-attached-sign", icon("file"));
    if (kind === "image" && id) {
      sign.classList.add("jor-picture");
      this.#waiting.set(sign, id);
    }
    const label = element("span", "jor-attached-name", visible(name) || kind);
    label.dir = "auto";
    const chip = element("li", "jor-chip", sign, label, element("span", "jor-attached-size", size(bytes)));
    chip.title = `${visible(name)} (${kind}, ${size(bytes)})`;
    if (!remove) return chip;
    const button = iconButton(`remove ${visible(name)}`, "close");
    button.addEventListener("click", remove, { once: true });
    chip.append(button);
    return chip;
  }
}
