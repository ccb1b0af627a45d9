/** Shows in one line what all answers of a chat have used: tokens in and out, and what they cost. */
import { totalParts } from "./figures";
import type { ChatTraits } from "./protocol";
import { element, setText, show } from "./view-element";

export class TotalsView {
  readonly root = element("p", "jor-totals");

  constructor() {
    this.root.title = "All answers of this chat, other branches included";
    show(this.root, false);
  }

  take(totals: ChatTraits["totals"]): void {
    const parts = totalParts(totals);
    setText(this.root, parts.join(" \u00b7 "));
    show(this.root, parts.length > 0);
  }
}
