/** Decides how the end of a text that still grows is shown, so that little appears and is taken back. */
import { formulaEnd, isHalfFormula } from "./formulas";
import { noteMarkEnd } from "./marks";

// The beginning of a line that may still become a heading underline, a list, a quote, a fence, a table or a definition.
const UNDECIDED_LINE = /^(?:[-=*_+][-=*_+ \t]*|#{1,6}|\d{1,9}[.)]?|>|`{1,2}|`{3,}[^`\n]*|~{1,2}|~{3,}[^\n]*|\$\$?|\\\[?|\[[^\]\n]{1,60}\]:[^\n]*|\[\^[^\]\n]{0,60}\]?)[ \t]*$/;
/** The same where a definition, or the name of a call-out, could stand. */
const UNDECIDED_LABEL = /^\[[^\]\n]{0,60}\]?$/;
const TABLE_LINE = /^ {0,3}\|/;
const DELIMITER_ROW = /^ {0,3}[|:-][|: \t-]*$/;

/** Whether a line that has begun like this waits for the characters that decide what it is. */
export function undecided(words: string, inParagraph: boolean): boolean {
  return UNDECIDED_LINE.test(words) || (!inParagraph && UNDECIDED_LABEL.test(words));
}

/** How much of a growing paragraph may be shown now: the last line may be the first one of a table. */
export function decided(text: string): number {
  const line = text.lastIndexOf("\n") + 1;
  const last = text.slice(line);
  const before = line > 0 ? text.lastIndexOf("\n", line - 2) + 1 : 0;
  const header = line > 0 && text.slice(before, line).includes("|") && startsTable(text, before);
  if (header && last && DELIMITER_ROW.test(last)) return before;
  if (TABLE_LINE.test(last)) return startsTable(text, line) ? line : text.length;
  if (header && !last && TABLE_LINE.test(text.slice(before, line))) return before;
  return text.length;
}

/** Whether the line at `at` would be a table's first one, its delimiter row not yet there. */
function startsTable(text: string, at: number): boolean {
  const before = at > 0 ? text.lastIndexOf("\n", at - 2) + 1 : 0;
  return at === 0 || !text.slice(before, at).includes("|");
}

interface Opener {
  run: string;
  at: number;
}

const BLANK = /\s|^$/;
const WORD = /[\p{L}\p{N}]/u;
/** A single star or underscore that stays open for longer is more likely a sign than emphasis. */
const LONGEST_EMPHASIS = 240;

/** A text whose end has not come, as it is shown now. */
export interface Shown {
  text: string;
  /** How many characters at its end are not there, and only close what is open. */
  added: number;
}

/** The unfinished end of an inline text, closed or held back: `**bo` shows bold, `[label](htt` its label. */
export function complete(text: string): Shown {
  let source = text.replace(/[\ud800-\udbff]$|\[\^[^\s[\]^\\]{0,100}$/, "").replace(/(?:\\|&#?\w{0,31}|<\/?[a-z]{0,10}|<[a-z][a-z0-9+.-]*:[^\s<>]{0,500}|<[\w.+-]+@[\w.-]*)$/i, "");
  const open: Opener[] = [];
  const brackets: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const char = source[i] as string;
    const formula = char === "$" || char === "\\" ? formulaEnd(source, i, source.length) : -1;
    if (formula > 0) i = formula - 1;
    else if ((char === "$" || char === "\\") && isHalfFormula(source, i)) break;
    else if (char === "\\") i++;
    else if (char === "`") {
      const run = runAt(source, i);
      const end = closingTicks(source, i + run.length, run.length);
      if (end < 0) return closeCode(source, i, run, open);
      i = end - 1;
    } else if (char === "[" && noteMarkEnd(source, i) > 0) i = noteMarkEnd(source, i) - 1;
    else if (char === "[") brackets.push(i);
    else if (char === "]") {
      const start = brackets.pop();
      if (start === undefined) continue;
      const after = source[i + 1];
      const image = source[start - 1] === "!";
      if (after === undefined) source = image ? source.slice(0, start - 1) : source.slice(0, start) + source.slice(start + 1, i);
      else if (after === "[") {
        const end = source.indexOf("]", i + 2);
        if (end >= 0) i = end;
        else source = image ? source.slice(0, start - 1) : source.slice(0, start) + source.slice(start + 1, i);
        if (end < 0) break;
      } else if (after === "(") {
        const end = destinationEnd(source, i + 2);
        if (end >= 0) i = end;
        else source = image ? source.slice(0, start - 1) : source.slice(0, start) + source.slice(start + 1, i);
        if (end < 0) break;
      }
    } else if (char === "*" || char === "_" || char === "~") {
      const run = runAt(source, i);
      if (i + run.length === source.length && !closes(source, i, run, open)) source = source.slice(0, i);
      else delimiter(source, i, run, open);
      i += run.length - 1;
    }
  }
  const start = brackets.find((at) => at < source.length && source[at] === "[" && source.indexOf("]", at) < 0);
  if (start !== undefined && source.length - start < 200) {
    source = source[start - 1] === "!" ? source.slice(0, start - 1) : source.slice(0, start) + source.slice(start + 1);
  }
  return closeRuns(source.replace(/!$/, ""), open);
}

function runAt(text: string, at: number): string {
  let end = at;
  while (text[end] === text[at]) end++;
  return text.slice(at, end);
}

function closingTicks(text: string, from: number, length: number): number {
  for (let at = text.indexOf("`", from); at >= 0; ) {
    const run = runAt(text, at).length;
    if (run === length) return at + run;
    at = text.indexOf("`", at + run);
  }
  return -1;
}

function closeCode(text: string, at: number, ticks: string, open: Opener[]): Shown {
  const content = text.slice(at + ticks.length).replace(/`+$/, "");
  const before = text.slice(0, at);
  if (!content.trim()) return closeRuns(before, open);
  const { text: shown, added } = closeRuns(`${before}${ticks}${content.trimEnd()}${ticks}`, open);
  return { text: shown, added: added + ticks.length };
}

/** End of `(…)` after a label, or -1 while it is not closed. */
function destinationEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "(") depth++;
    else if (text[i] === ")" && depth-- === 0) return i;
    else if (text[i] === "\n" && text[i + 1] === "\n") return i;
  }
  return -1;
}

/** Whether a run at the end closes the innermost open one whole; if not, it waits for the next character. */
function closes(text: string, at: number, run: string, open: readonly Opener[]): boolean {
  const last = open.at(-1);
  return !!last && last.run[0] === run[0] && run.length >= last.run.length && !BLANK.test(text[at - 1] ?? "");
}

function delimiter(text: string, at: number, run: string, open: Opener[]): void {
  const before = text[at - 1] ?? "";
  const after = text[at + run.length] ?? "";
  const last = open.at(-1);
  if (last && last.run[0] === run[0] && !BLANK.test(before)) {
    if (run.length >= last.run.length) open.pop();
    else last.run = last.run.slice(run.length);
    return;
  }
  const wordBefore = WORD.test(before);
  if (BLANK.test(after) || (wordBefore && (run[0] === "_" || run.length === 1))) return;
  if (run[0] === "~" ? run.length === 2 : run.length <= 3) open.push({ run, at });
}

function closeRuns(text: string, open: readonly Opener[]): Shown {
  let shown = text.trimEnd();
  const { length } = shown;
  for (const { run, at } of [...open].reverse()) {
    if (at >= shown.length || (run.length === 1 && shown.length - at > LONGEST_EMPHASIS)) continue;
    if (shown.length > at + run.length) shown += run;
  }
  return { text: shown, added: shown.length - length };
}
