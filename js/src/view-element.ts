/** Makes one element with a class and children: the only way in which views make them. */

export type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function button(className: string, name: string, ...children: Child[]): HTMLButtonElement {
  const made = element("button", className, ...(children.length ? children : [name]));
  made.type = "button";
  if (children.length) made.setAttribute("aria-label", name);
  return made;
}

/** Sets text only when it differs, so that a selection or a screen reader is not disturbed. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node: HTMLElement, shown: boolean): void {
  if (node.hidden === shown) node.hidden = !shown;
}
