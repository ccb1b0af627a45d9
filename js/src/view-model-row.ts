/** Draws one model in the list of models: name and price, slug and abilities, and why it cannot be chosen. */
import { abilities, prices } from "./model-list";
import type { ModelCard } from "./protocol";
import { element } from "./view-element";
import { icon } from "./view-icons";
import { visible } from "./visible";

function row(...lines: HTMLElement[]): HTMLElement {
  const root = element("div", "jor-option", ...lines, element("span", "jor-option-reason"));
  root.setAttribute("role", "option");
  root.setAttribute("aria-selected", "false");
  return root;
}

export function modelRow(model: ModelCard): HTMLElement {
  const title = element("span", "jor-option-name", visible(model.name));
  const line = element("span", "jor-option-line", icon("done"), title, element("span", "jor-option-price", prices(model)));
  const about = [model.slug === model.name ? "" : visible(model.slug), ...abilities(model)].filter(Boolean);
  return row(line, element("span", "jor-option-about", about.join(" \u00b7 ")));
}

/** For what was typed and is in no list. */
export function slugRow(slug: string): HTMLElement {
  return row(element("span", "jor-option-line", icon("done"), element("span", "jor-option-name", `Use \u201c${visible(slug)}\u201d`)), element("span", "jor-option-about", "a slug that is not in the list"));
}
