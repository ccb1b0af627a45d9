/** Takes files that are dropped or pasted, before the notebook around can do something else with them. */

export interface Named {
  file: Blob;
  name: string;
}

/** A clipboard's image has no name of its own. */
const named = (file: File): Named => ({ file, name: file.name || `pasted.${file.type.split("/")[1] ?? "bin"}` });

const hasFiles = (transfer: DataTransfer | null): transfer is DataTransfer => Array.from(transfer?.types ?? []).includes("Files");

/** Calls `take` with files dropped on `area` or pasted inside it; `open` is false while none can be taken. */
export function takeFiles(area: HTMLElement, take: (files: Named[]) => void, open: () => boolean, signal: AbortSignal): void {
  let depth = 0;
  const mark = (over: number) => {
    depth = Math.max(0, over);
    area.classList.toggle("jor-dropping", depth > 0);
  };
  const on = <K extends "dragenter" | "dragover" | "dragleave" | "drop">(name: K, act: (transfer: DataTransfer) => void) =>
    area.addEventListener(
      name,
      (event: DragEvent) => {
        if (!hasFiles(event.dataTransfer)) return;
        // Also where none can be taken: a browser would leave the page for a file that is dropped on it.
        event.preventDefault();
        event.stopPropagation();
        if (open()) act(event.dataTransfer);
        else event.dataTransfer.dropEffect = "none";
      },
      { signal },
    );
  on("dragenter", () => mark(depth + 1));
  on("dragleave", () => mark(depth - 1));
  on("dragover", (transfer) => (transfer.dropEffect = "copy"));
  on("drop", (transfer) => {
    mark(0);
    take(Array.from(transfer.files, named));
  });
  area.addEventListener(
    "paste",
    (event: ClipboardEvent) => {
      const { clipboardData } = event;
      // Cells of a table come as text and as an image of it: the text is what was meant.
      if (!hasFiles(clipboardData) || !open() || clipboardData.getData("text/plain")) return;
      event.preventDefault();
      event.stopPropagation();
      take(Array.from(clipboardData.files, named));
    },
    { signal },
  );
}
