/** Shows the sources that an answer cites, as a numbered list with the host of each. */
import { address } from "./links";
import type { Citation } from "./protocol";
import { element, show } from "./view-element";
import { visible } from "./visible";

export class CitationsView {
  readonly root = element("section", "jor-citations");
  readonly #list = element("ol");
  #shown: readonly Citation[] = [];

  constructor() {
    this.root.setAttribute("aria-label", "sources");
    this.root.append(element("div", "jor-label", "Sources"), this.#list);
    show(this.root, false);
  }

  take(citations: readonly Citation[]): void {
    if (citations === this.#shown) return;
    while (this.#list.children.length > citations.length) this.#list.lastElementChild?.remove();
    citations.forEach((citation, at) => {
      const before = this.#shown[at];
      const old = this.#list.children[at];
      if (old && before?.url === citation.url && before.title === citation.title) return;
      const item = source(citation);
      if (old) old.replaceWith(item);
      else this.#list.append(item);
    });
    this.#shown = citations;
    show(this.root, citations.length > 0);
  }
}

function source({ url, title }: Citation): HTMLElement {
  const found = address(url);
  const item = element("li");
  item.dir = "auto";
  // Only pages: a mail address or a place in this page is no source.
  if (!found?.host) {
    item.append([visible(title), visible(url)].filter(Boolean).join(" \u2013 "));
    return item;
  }
  const link = element("a", "", visible(title).trim() || visible(url.replace(/^https?:\/\//i, "")));
  link.href = found.href;
  link.rel = "noopener noreferrer nofollow";
  link.target = "_blank";
  item.append(link, " ", element("span", "jor-host", visible(found.host)));
  return item;
}
