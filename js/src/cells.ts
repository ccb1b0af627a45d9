/** Puts code into a new cell of the notebook that a chat stands in, where the front end lets us. */

interface SharedCell {
  id?: string;
  getId?(): string;
}

/** What is used of JupyterLab's and Notebook 7's shared notebook; cells are counted from 0. */
interface SharedNotebook {
  cells: readonly (SharedCell & { outputs?: readonly unknown[]; toJSON?(): unknown })[];
  insertCell(index: number, cell: { cell_type: "code" | "markdown"; source: string; metadata: object }): SharedCell;
}

export interface NewCell {
  cell_type: "code" | "markdown";
  source: string;
}

const MAGICS: Record<string, string> = { bash: "bash", sh: "bash", shell: "bash", zsh: "bash", html: "html", javascript: "javascript", js: "javascript", latex: "latex", svg: "svg" };
const PYTHON = /^(?:|py|python3?|ipython3?|pycon)$/;

/** What a block of this language is in a notebook of Python, or null when no cell can hold it. */
export function cellOf(code: string, language: string): NewCell | null {
  if (PYTHON.test(language)) return { cell_type: "code", source: code };
  if (language === "markdown" || language === "md") return { cell_type: "markdown", source: code };
  const magic = Object.hasOwn(MAGICS, language) ? MAGICS[language] : undefined;
  return magic ? { cell_type: "code", source: `%%${magic}\n${code}` } : null;
}

/** Cells that came from here, by the notebook that they are in: the next one goes after them. */
const ours = new WeakMap<object, Set<string>>();

/** The notebook that can be changed, or null. */
export function notebookOf(host: unknown): SharedNotebook | null {
  const model = (host as { context?: { model?: { readOnly?: boolean; sharedModel?: Partial<SharedNotebook> } } } | null | undefined)?.context?.model;
  const shared = model?.sharedModel;
  if (!shared || model.readOnly || typeof shared.insertCell !== "function" || typeof shared.cells?.length !== "number") return null;
  return shared as SharedNotebook;
}

/** Inserts a cell after the one that shows the widget `id`; false, and nothing inserted, where that cannot be done. */
export function insertCell(host: unknown, id: string, cell: NewCell): boolean {
  const notebook = notebookOf(host);
  if (!notebook || !id) return false;
  const before = notebook.cells.length;
  try {
    const own = notebook.cells.findIndex((one) => holds(one, id));
    if (own < 0) return false;
    const known = ours.get(notebook) ?? new Set();
    ours.set(notebook, known);
    let at = own + 1;
    while (at < before && known.has(idOf(notebook.cells[at]))) at++;
    known.add(idOf(notebook.insertCell(at, { ...cell, metadata: {} })));
    return true;
  } catch (error) {
    console.warn("[jupyter_openrouter] the notebook took no new cell", error);
    return notebook.cells.length > before;
  }
}

function idOf(cell: SharedCell | undefined): string {
  return cell?.getId?.() ?? cell?.id ?? "";
}

/** Whether an output of the cell is a view of the widget. */
function holds(cell: SharedNotebook["cells"][number], id: string): boolean {
  const outputs = cell.outputs ?? (cell.toJSON?.() as { outputs?: readonly unknown[] } | undefined)?.outputs ?? [];
  return outputs.some((output) => {
    const plain = (output as { toJSON?(): unknown }).toJSON?.() ?? output;
    const data = (plain as { data?: Record<string, { model_id?: unknown } | undefined> }).data;
    return data?.["application/vnd.jupyter.widget-view+json"]?.model_id === id;
  });
}
