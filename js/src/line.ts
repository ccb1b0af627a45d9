/** One line of Markdown as a reader of blocks walks along it: tabs stop at every fourth column. */

export class Line {
  readonly text: string;
  /** Where the walk stands, in characters and in columns. */
  offset = 0;
  column = 0;
  /** Columns of a tab at `offset` that are already behind. */
  #within = 0;
  /** The next character that is no blank, how many columns away it is, and whether there is none. */
  next = 0;
  indent = 0;
  blank = false;

  constructor(text: string) {
    this.text = text;
    this.look();
  }

  /** Looks for the next character that is no blank. */
  look(): void {
    let at = this.offset;
    let column = this.column;
    for (; ; at++) {
      const char = this.text[at];
      if (char === " ") column++;
      else if (char === "\t") column += 4 - (column % 4);
      else break;
    }
    this.next = at;
    this.indent = column - this.column;
    this.blank = at >= this.text.length;
  }

  /** Walks over characters that are no tabs. */
  skip(characters: number): void {
    this.offset += characters;
    this.column += characters;
    this.#within = 0;
    this.look();
  }

  /** Walks over blanks, at most this many columns. */
  indentBy(columns: number): void {
    for (let left = columns; left > 0; ) {
      const char = this.text[this.offset];
      if (char === "\t") {
        const width = 4 - (this.column % 4);
        const taken = Math.min(width, left);
        this.column += taken;
        left -= taken;
        this.#within = taken < width ? width - taken : 0;
        if (taken === width) this.offset++;
      } else if (char === " ") {
        this.offset++;
        this.column++;
        left--;
        this.#within = 0;
      } else break;
    }
    this.look();
  }

  skipBlanks(): void {
    this.column += this.indent;
    this.offset = this.next;
    this.#within = 0;
    this.indent = 0;
  }

  /** What is left; what is left of a tab is spaces. */
  rest(): string {
    return this.#within ? " ".repeat(this.#within) + this.text.slice(this.offset + 1) : this.text.slice(this.offset);
  }

  /** What is left from the next character on that is no blank. */
  words(): string {
    return this.text.slice(this.next);
  }
}
