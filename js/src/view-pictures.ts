/** Shows the images that a model made; one on another site is loaded only when the reader asks for it. */
import { size } from "./figures";
import { loadedImage } from "./inline";
import { imageAddress } from "./links";
import type { MadeImage } from "./protocol";
import { button, element, show } from "./view-element";
import { visible } from "./visible";

export class PicturesView {
  readonly root = element("div", "jor-pictures");
  readonly #address: (id: string) => string;
  readonly #signal: AbortSignal;
  #shown: HTMLElement[] = [];
  #images: readonly MadeImage[] = [];
  #alt = "image";
  /** Places whose image is on its way. */
  #waiting = new Map<number, string>();

  /** `address` gives the bytes of an image as a data URL, or "" while they are on their way. */
  constructor(address: (id: string) => string, signal: AbortSignal) {
    this.#address = address;
    this.#signal = signal;
    show(this.root, false);
  }

  take(images: readonly MadeImage[], model: string): void {
    this.#alt = model ? `image made by ${visible(model)}` : "image made by the model";
    if (images !== this.#images) {
      for (const gone of this.#shown.splice(images.length)) gone.remove();
      images.forEach((image, at) => {
        if (JSON.stringify(image) !== JSON.stringify(this.#images[at])) this.#put(at, this.#made(image, at));
      });
      this.#images = images;
      show(this.root, images.length > 0);
    }
    for (const [at, id] of this.#waiting) {
      const address = this.#address(id);
      if (!address) continue;
      this.#waiting.delete(at);
      this.#put(at, this.#image(address));
    }
  }

  #put(at: number, node: HTMLElement): void {
    const old = this.#shown[at];
    if (old) old.replaceWith(node);
    else this.root.append(node);
    this.#shown[at] = node;
  }

  #made(image: MadeImage, at: number): HTMLElement {
    this.#waiting.delete(at);
    if ("note" in image) return holder(`image: ${visible(image.note)}`);
    if ("url" in image) return this.#elsewhere(image.url);
    this.#waiting.set(at, image.id);
    return holder(`image, ${size(image.bytes)}, on its way\u2026`);
  }

  #image(address: string): HTMLImageElement {
    const image = element("img", "jor-picture");
    image.alt = this.#alt;
    image.decoding = "async";
    image.src = address;
    return image;
  }

  #elsewhere(url: string): HTMLElement {
    const found = imageAddress(url);
    if (!found) return holder(`image (${visible(url)})`);
    const load = button("jor-image-load", `load the image from ${visible(found.host)}`, "load");
    const made = holder(this.#alt, " ", element("span", "jor-host", visible(found.host)), load);
    made.title = visible(found.href);
    load.addEventListener("click", () => made.replaceWith(loadedImage(found.href, this.#alt)), { signal: this.#signal, once: true });
    return made;
  }
}

function holder(...children: (Node | string)[]): HTMLElement {
  return element("span", "jor-image", ...children);
}
