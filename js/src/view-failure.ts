/** Shows what went wrong, and what to do about it, in the place where it happened. */
import type { Failure } from "./protocol";
import { element, show } from "./view-element";
import { visible } from "./visible";

export class FailureView {
  readonly root = element("div", "jor-failure");
  #shown: Failure | null = null;

  constructor() {
    show(this.root, false);
  }

  take(failure: Failure | null): void {
    if (failure === this.#shown) return;
    this.#shown = failure;
    this.root.replaceChildren();
    // An empty object, which some kernels' sides send for none, says nothing.
    const message = failure?.message || failure?.type;
    if (message) this.root.append(element("p", "jor-failure-message", visible(message)));
    if (message && failure?.remedy) this.root.append(element("p", "jor-failure-remedy", visible(failure.remedy)));
    for (const line of Array.from(this.root.children)) line.setAttribute("dir", "auto");
    show(this.root, !!message);
  }
}
