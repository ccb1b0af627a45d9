/** Shows what is attached to a question that is being written: a preview, how far it is uploaded, what is wrong with it. */
import { size } from "./figures";
import type { Upload } from "./upload";
import { button, element, setText, show } from "./view-element";
import { icon } from "./view-icons";
import { visible } from "./visible";

interface Chip {
  root: HTMLElement;
  state: HTMLElement;
  bar: HTMLElement;
  end: () => void;
}

export class AttachmentsView {
  readonly root = element("ul", "jor-attachments");
  readonly #remove: (upload: Upload) => void;
  readonly #left: () => void;
  readonly #chips = new Map<Upload, Chip>();

  /** `left` is called when the chip that had the focus has gone and no other is there to take it. */
  constructor(remove: (upload: Upload) => void, left: () => void, signal: AbortSignal) {
    this.#remove = remove;
    this.#left = left;
    this.root.setAttribute("aria-label", "attached files");
    show(this.root, false);
    signal.addEventListener("abort", () => this.#chips.forEach(({ end }) => end()), { once: true });
  }

  take(attached: readonly Upload[]): void {
    for (const [upload, chip] of this.#chips) {
      if (attached.includes(upload)) continue;
      this.#chips.delete(upload);
      this.#drop(chip);
    }
    for (const upload of attached) {
      let chip = this.#chips.get(upload);
      if (!chip) {
        chip = this.#made(upload);
        this.#chips.set(upload, chip);
        this.root.append(chip.root);
      }
      chip.root.classList.toggle("jor-bad", upload.reason !== null);
      setText(chip.state, upload.reason ?? stateOf(upload));
      chip.bar.style.transform = `scaleX(${upload.whole || upload.reason !== null ? 0 : upload.sent / Math.max(1, upload.bytes)})`;
    }
    show(this.root, attached.length > 0);
  }

  #made(upload: Upload): Chip {
    const name = visible(upload.name);
    const [state, bar] = [element("span", "jor-upload-state"), element("span", "jor-upload-bar")];
    const remove = button("jor-quiet-button", `remove ${name}`, icon("close"));
    remove.addEventListener("click", () => this.#remove(upload), { once: true });
    const title = element("span", "jor-upload-name", name);
    title.title = name;
    const preview = element("span", "jor-upload-preview");
    const root = element("li", "jor-upload", preview, element("span", "jor-upload-text", title, state), remove, bar);
    return { root, state, bar, end: drawPreview(preview, upload) };
  }

  /** The keyboard goes on from where it was. */
  #drop(chip: Chip): void {
    const focused = chip.root.contains((chip.root.getRootNode() as Document | ShadowRoot).activeElement ?? null);
    const next = (chip.root.nextElementSibling ?? chip.root.previousElementSibling)?.querySelector("button");
    chip.end();
    chip.root.remove();
    if (!focused) return;
    if (next) next.focus();
    else this.#left();
  }
}

/** Returns what lets the preview's bytes go. */
function drawPreview(place: HTMLElement, { kind, file, name }: Upload): () => void {
  const letters = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1]?.toUpperCase() ?? "";
  const drawn = kind === "audio" ? icon("sound") : letters || icon("file");
  if (kind !== "image" || !file || typeof URL.createObjectURL !== "function") {
    place.append(drawn);
    return () => undefined;
  }
  const address = URL.createObjectURL(file);
  const image = element("img");
  image.alt = "";
  image.addEventListener("error", () => image.replaceWith(drawn), { once: true });
  image.src = address;
  place.append(image);
  return () => URL.revokeObjectURL(address);
}

function stateOf({ bytes, sent, whole }: Upload): string {
  return whole ? size(bytes) : `${Math.round((100 * sent) / Math.max(1, bytes))} % of ${size(bytes)}`;
}
