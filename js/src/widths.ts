/** Keeps the columns of a long table as wide as all its rows need, while its groups of rows are laid out one by one. */

export class Widths {
  readonly #table: HTMLTableElement;
  /** Of each column, in em: its least width, and the one at which none of its text wraps. */
  #least: number[] = [];
  #most: number[] = [];
  /** How many groups have been measured. */
  #measured = 0;

  /** For a table that is laid out on the page, and whose first group is whole. */
  constructor(table: HTMLTableElement) {
    this.#table = table;
    this.#measured = Math.max(1, table.tBodies.length - 1);
    this.#learn(Array.from(table.tBodies).slice(0, this.#measured));
    table.parentElement?.classList.add("jor-held");
    table.setAttribute("role", "table");
    for (const part of [table.tHead, ...table.tBodies]) if (part?.rows[0]) this.begin(part.rows[0]);
  }

  /** Whether a table can be held: where it is not laid out it has no widths. */
  static can(table: HTMLTableElement): boolean {
    return table.offsetWidth > 0 && CSS.supports("width", "1cqi");
  }

  /** Gives the cells of the first row of a group the widths of their columns. */
  begin(row: HTMLTableRowElement): void {
    row.parentElement?.setAttribute("role", "rowgroup");
    Array.from(row.cells).forEach((cell, at) => {
      if (!cell.style.width) cell.style.width = `var(--jor-${at})`;
    });
  }

  /** Takes in the groups that have come, the last one only when it is `whole`, or too wide by now. */
  take(whole: boolean): void {
    const groups = Array.from(this.#table.tBodies).slice(this.#measured);
    const last = groups.at(-1);
    if (!last || (!whole && groups.length === 1 && !this.#isTooWide(last))) return;
    this.#measured += groups.length - (whole ? 0 : 1);
    this.#learn(whole || this.#isTooWide(last) ? groups : groups.slice(0, -1));
  }

  #isTooWide(group: HTMLTableSectionElement): boolean {
    const [own, head] = [group.rows[0], this.#table.tHead?.rows[0]];
    return !!own && !!head && own.getBoundingClientRect().width > head.getBoundingClientRect().width + 1;
  }

  #learn(groups: readonly HTMLTableSectionElement[]): void {
    // Of a copy, since a table that shrinks for a moment would move what is scrolled.
    const copy = this.#table.cloneNode() as HTMLTableElement;
    for (const part of [this.#table.tHead, ...groups]) if (part) copy.append(part.cloneNode(true));
    for (const cell of copy.querySelectorAll("th, td")) cell.removeAttribute("style");
    copy.className = "jor-measured";
    this.#table.after(copy);
    const em = Number.parseFloat(getComputedStyle(copy).fontSize);
    const measure = (width: string, before: readonly number[]) => {
      copy.style.width = width;
      return Array.from(copy.rows[0]?.cells ?? [], (cell, at) => Math.max(before[at] ?? 0, cell.getBoundingClientRect().width / em));
    };
    const [least, most] = [measure("1px", this.#least), measure("max-content", this.#most)];
    copy.remove();
    if (`${least} ${most}` === `${this.#least} ${this.#most}`) return;
    this.#least = least;
    this.#most = most;
    this.#show();
  }

  /** Shares out the width as the browser would: to each column its least, and of the rest by what it could use of it. */
  #show(): void {
    const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
    const [least, most] = [sum(this.#least), sum(this.#most)];
    const whole = `clamp(${least}em, 100cqi, ${most}em)`;
    const rest = `(${whole} - ${least}em)`;
    this.#table.style.setProperty("--jor-whole", whole);
    this.#least.forEach((each, at) => {
      const share = most > least ? ((this.#most[at] as number) - each) / (most - least) : 0;
      this.#table.style.setProperty(`--jor-${at}`, `calc(${each}em + ${rest} * ${share})`);
    });
  }
}
