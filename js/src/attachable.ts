/** Which files can go with a question, as what, and why another one cannot; pure. */
import type { Attached } from "./protocol";

/** The most bytes of one attachment; the kernel holds them to the same. */
export const MOST_BYTES = 20 * 1024 * 1024;
/** So many can go with one question. */
export const MOST_ATTACHED = 10;

const IMAGES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const AUDIO: Record<string, string> = {
  wav: "audio/wav",
  mp3: "audio/mpeg",
  flac: "audio/flac",
  m4a: "audio/mp4",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  aiff: "audio/aiff",
  aif: "audio/aiff",
  aac: "audio/aac",
};
const SUFFIXES: Record<string, string> = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp", gif: "image/gif", pdf: "application/pdf", ...AUDIO };

const suffixOf = (name: string) => /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";

export interface Kind {
  kind: Attached["kind"];
  mime: string;
}

/** As what a file can go, by its type and name; null where only its bytes can tell. */
export function kindOf(name: string, type: string): Kind | null {
  const suffix = suffixOf(name);
  const mime = (type.split(";")[0] ?? "").trim().toLowerCase();
  if (IMAGES.includes(mime)) return { kind: "image", mime };
  if (mime === "application/pdf") return { kind: "file", mime };
  const known = SUFFIXES[suffix];
  if (known && (!mime || mime.startsWith("audio/") || mime === "application/octet-stream")) return { kind: known.startsWith("image/") ? "image" : known.startsWith("audio/") ? "audio" : "file", mime: known };
  if (/^text\/(?!rtf)|[/+]json$/.test(mime)) return { kind: "text", mime };
  return null;
}

const MARKS: readonly [mime: string, mark: RegExp][] = [
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/webp", /^RIFF[^]{4}WEBP/],
  ["image/gif", /^GIF8[79]a/],
];

/** As which image or PDF the first bytes of a file can go; null where they are of neither. The kernel asks the same. */
export function markedAs(start: Uint8Array): Kind | null {
  const text = String.fromCharCode(...start.subarray(0, 1024));
  const image = MARKS.find(([, mark]) => mark.test(text))?.[0];
  if (image) return { kind: "image", mime: image };
  return text.includes("%PDF-") ? { kind: "file", mime: "application/pdf" } : null;
}

/** Why a file cannot go whose bytes are not what its name or type says; null where it says nothing that they show. */
export function markRefused({ kind }: Kind): string | null {
  return kind === "image" ? "it is no image, whatever its name says" : kind === "file" ? "it is no PDF, whatever its name says" : null;
}

/** Whether the first bytes of a file are those of text in UTF-8; `whole` when there are no more. */
export function isText(bytes: Uint8Array, whole: boolean): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    return false;
  }
  return true;
}

/** Why a file of this size cannot go, whatever is in it; null when it can. */
export function sizeRefused(bytes: number): string | null {
  if (bytes === 0) return "it is empty";
  if (bytes > MOST_BYTES) return `it is larger than ${MOST_BYTES / 1024 ** 2} MB`;
  return null;
}

/** Why a file that is no text and of no known kind cannot go. */
export function kindRefused(type: string): string {
  if (type.startsWith("image/")) return "of images only PNG, JPEG, WebP and GIF can be sent";
  if (type.startsWith("audio/")) return `of sound only ${Object.keys(AUDIO).join(", ")} can be sent`;
  return "only images, PDFs, sound and text can be sent";
}

/** The parts of what is attached that a model must be able to take. A PDF is read for every model. */
export function modalitiesOf(attached: Iterable<{ kind: Attached["kind"] }>): Set<string> {
  const needed = new Set<string>();
  for (const { kind } of attached) if (kind === "image" || kind === "audio") needed.add(kind);
  return needed;
}
