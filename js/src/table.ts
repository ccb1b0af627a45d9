/** Tables as GitHub has them: the row that makes one, and the cells of a row. */

export type Align = "" | "left" | "center" | "right";

const DELIMITERS = /^[|:-][|: \t-]*$/;
const CELL = /^:?-+:?$/;
/** More columns make no table: they would be drawn at once, and again in each row. */
const MOST_COLUMNS = 1000;

/** The cells of a row; a pipe behind a backslash is text. */
export function cells(row: string): string[] {
  const found: string[] = [];
  let cell = "";
  const text = row.trim();
  for (let at = 0, from = 0; at <= text.length; at++) {
    if (text[at] === "\\" && text[at + 1] === "|") {
      cell += text.slice(from, at);
      from = ++at;
    } else if (text[at] === "\\" && text[at + 1] === "\\") at++;
    else if (text[at] === "|" || at === text.length) {
      found.push((cell + text.slice(from, at)).trim());
      cell = "";
      from = at + 1;
    }
  }
  if (found[0] === "" && text[0] === "|") found.shift();
  if (found.at(-1) === "" && text.endsWith("|")) found.pop();
  return found;
}

/** The alignment of each column when `line` under `header` makes a table, else null. */
export function columns(header: string, line: string): Align[] | null {
  const row = line.trim();
  if (!DELIMITERS.test(row) || /^-[ \t]/.test(row) || !header.includes("|")) return null;
  const marks = cells(row);
  if (!marks.length || marks.length > MOST_COLUMNS || !marks.every((mark) => CELL.test(mark)) || cells(header).length !== marks.length) return null;
  return marks.map((mark) => (mark.endsWith(":") ? (mark.startsWith(":") ? "center" : "right") : mark.startsWith(":") ? "left" : ""));
}
