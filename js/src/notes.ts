/** Footnotes: marks in the text by order of first use, and the notes at the end of the answer. */
import { button, element } from "./view-element";
import { visible } from "./visible";

/** Labels that are numbers are taken for footnotes before their notes have come; others may be something else. */
const LIKELY = /^\d{1,3}$/;

interface Mark extends HTMLElement {
  jorNote: string;
  jorKey: string;
}

/** The marks of one label in finished text, and which of all labels this is, from 0. */
interface Marks {
  place: number;
  all: Set<Mark>;
}

/** One note: the place for its text, in an entry of the list. */
interface Note {
  entry: HTMLLIElement;
  text: HTMLElement;
}

export class Notes {
  readonly #root: HTMLElement;
  readonly #list = element("ol");
  readonly #section = element("section", "jor-notes", this.#list);
  readonly #notes = new Map<string, Note>();
  /** Marks in finished text, by label, in the order of their first use; and numbers that are shown. */
  readonly #marks = new Map<string, Marks>();
  #numbers = new Map<string, number>();
  /** The label that has the highest number, by its place among the marks; and the highest number in the list. */
  #newest = -1;
  #listed = 0;
  readonly #passing = new Map<string, number>();
  #ended = false;
  #stale = false;
  #postponed = 0;

  constructor(root: HTMLElement, signal?: AbortSignal) {
    this.#root = root;
    this.#section.setAttribute("role", "doc-endnotes");
    root.addEventListener("click", (event) => this.#follow(event), signal ? { signal } : {});
  }

  reset(): void {
    for (const known of [this.#notes, this.#marks, this.#numbers, this.#passing]) known.clear();
    this.#list.replaceChildren();
    this.#section.remove();
    this.#ended = this.#stale = false;
    this.#newest = -1;
    this.#listed = this.#postponed = 0;
  }

  /** Forgets the numbers that unfinished text was given. */
  begin(): void {
    this.#passing.clear();
  }

  /** A mark as it is shown now; one of finished text must be told to `settle`. */
  mark(label: string): HTMLElement {
    let number = this.#numbers.get(label) ?? this.#passing.get(label) ?? 0;
    if (!number && this.#shows(label)) {
      number = this.#numbers.size + this.#passing.size + 1;
      this.#passing.set(label, number);
    }
    const mark = Object.assign(element("span", "jor-mark"), { jorNote: label, jorKey: "" });
    draw(mark, number);
    return mark;
  }

  /** Forgets marks that are about to be drawn again. */
  drop(marks: Iterable<Element>): void {
    for (const mark of marks as Iterable<Mark>) this.#marks.get(mark.jorNote)?.all.delete(mark);
  }

  /** Takes marks of finished text into account. */
  settle(marks: Iterable<Element>): void {
    for (const mark of marks as Iterable<Mark>) {
      const label = mark.jorNote;
      const known = this.#marks.get(label);
      if (known) known.all.add(mark);
      else {
        this.#marks.set(label, { place: this.#marks.size, all: new Set([mark]) });
        this.#number(label);
      }
      draw(mark, this.#numbers.get(label) ?? 0);
    }
  }

  /** The place for the text of a note; it is not in the page when another note has the label. */
  place(label: string): HTMLElement {
    const text = element("div", "jor-note-text");
    if (this.#notes.has(label)) return text;
    const entry = element("li", "", text, button("jor-note-back", "back to the text", "\u21a9"));
    this.#notes.set(label, { entry, text });
    this.#number(label);
    return text;
  }

  /** Brings numbers and the list in step with the marks and the notes, where something came between others. */
  arrange(ended: boolean): void {
    // It looks at all of them: where there are many, not each time.
    const due = this.#stale && ++this.#postponed > this.#numbers.size / 200;
    if (!due && ended === this.#ended) return;
    this.#ended = ended;
    this.#stale = false;
    this.#postponed = 0;
    const before = this.#numbers;
    this.#numbers = new Map();
    let at: ChildNode | null = this.#list.firstChild;
    for (const [label, { place, all }] of this.#marks) {
      const number = this.#shows(label) ? this.#numbers.size + 1 : 0;
      if (number) {
        this.#numbers.set(label, number);
        this.#newest = place;
      }
      if (number !== (before.get(label) ?? 0)) for (const mark of all) draw(mark, number);
      const entry = this.#notes.get(label)?.entry;
      if (!entry) continue;
      const next: ChildNode | null = entry === at ? at.nextSibling : at;
      this.#enter(entry, number, at);
      at = next;
    }
  }

  /** Gives a label its number, and its note an entry, where both are the last ones; others wait for `arrange`. */
  #number(label: string): void {
    const marks = this.#marks.get(label);
    if (!marks || !this.#shows(label)) return;
    if (!this.#numbers.has(label) && marks.place > this.#newest) {
      this.#newest = marks.place;
      this.#numbers.set(label, this.#numbers.size + 1);
      for (const mark of marks.all) draw(mark, this.#numbers.size);
    }
    const number = this.#numbers.get(label) ?? 0;
    const entry = this.#notes.get(label)?.entry;
    if (!number || (entry && number < this.#listed)) this.#stale = true;
    else if (entry) this.#enter(entry, number, null);
  }

  /** Puts the entry of a note in front of `at`, unless it is there. */
  #enter(entry: HTMLLIElement, number: number, at: ChildNode | null): void {
    if (entry.value !== number) entry.value = number;
    if (entry !== at) this.#list.insertBefore(entry, at);
    if (!this.#section.parentNode) this.#root.append(this.#section);
    this.#listed = Math.max(this.#listed, number);
  }

  #shows(label: string): boolean {
    return this.#notes.has(label) || (!this.#ended && LIKELY.test(label));
  }

  #follow({ target }: Event): void {
    const pressed = target instanceof Element ? target.closest("button") : null;
    if (pressed?.className === "jor-mark-link") go(this.#notes.get((pressed.closest(".jor-mark") as Mark).jorNote)?.entry);
    if (pressed?.className !== "jor-note-back") return;
    const entry = pressed.closest("li");
    for (const [label, note] of this.#notes) if (note.entry === entry) go(Array.from(this.#root.querySelectorAll<Mark>(".jor-mark")).find((mark) => mark.jorNote === label));
  }
}

function draw(mark: Mark, number: number): void {
  const key = `${number} ${mark.jorNote}`;
  if (mark.jorKey === key) return;
  mark.jorKey = key;
  const link = () => element("sup", "", button("jor-mark-link", `note ${number}`, String(number)));
  mark.replaceChildren(number ? link() : visible(`[^${mark.jorNote}]`));
}

/** Brings a place into view, and the keyboard to the button in it. */
function go(place: HTMLElement | undefined): void {
  place?.scrollIntoView({ block: "nearest" });
  place?.querySelector("button")?.focus({ preventScroll: true });
}
