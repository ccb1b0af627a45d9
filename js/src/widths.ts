/** Keeps the columns of a long table as wide as its first rows have made them, so that no later row needs to be measured. */

/** The width of each column in CSS. */
export type Widths = readonly string[];

/**
 * Measures the first rows of a table that is on screen, and lets its groups of rows be laid out one by one; undefined
 * where nothing is laid out.
 */
export function holdWidths(table: HTMLTableElement): Widths | undefined {
  const box = table.parentElement;
  if (!box || !table.offsetWidth || !globalThis.CSS?.supports("width", "1cqi")) return undefined;
  // Of a copy, since a table that shrinks for a moment would move what is scrolled.
  const copy = table.cloneNode() as HTMLTableElement;
  for (const part of [table.tHead, table.tBodies[0]]) if (part) copy.append(part.cloneNode(true));
  copy.style.cssText = "position: absolute; visibility: hidden; table-layout: auto";
  box.append(copy);
  const em = Number.parseFloat(getComputedStyle(copy).fontSize);
  const measure = (width: string) => {
    copy.style.width = width;
    return Array.from(copy.rows[0]?.cells ?? [], (cell) => cell.getBoundingClientRect().width / em);
  };
  const [least, most] = [measure("1px"), measure("max-content")];
  copy.remove();
  const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
  const room = sum(most) - sum(least);
  // As the browser shares out the width: to each column its least, and of the rest as much as it could use of all.
  table.style.setProperty("--jor-rest", `(clamp(${sum(least)}em, 100cqi, ${sum(most)}em) - ${sum(least)}em)`);
  const widths = least.map((each, at) => `calc(${each}em + var(--jor-rest) * ${room ? ((most[at] as number) - each) / room : 0})`);
  box.classList.add("jor-held");
  table.setAttribute("role", "table");
  for (const part of [table.tHead, ...table.tBodies]) if (part?.rows[0]) setWidths(part.rows[0], widths);
  return widths;
}

/** Gives the cells of the first row of a group their widths. */
export function setWidths(row: HTMLTableRowElement, widths: Widths): void {
  Array.from(row.cells).forEach((cell, at) => {
    if (!cell.style.width) cell.style.width = widths[at] ?? "";
  });
}
