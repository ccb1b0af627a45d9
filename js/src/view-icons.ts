/** Draws the small signs of buttons, in the colour of the text around them. */

const PATHS = {
  copy: "M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M3.5 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z",
  markdown: "M1.5 11.5v-7l3 4 3-4v7M12 4.5v7M9.7 9.2l2.3 2.3 2.3-2.3",
  retry: "M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3",
  other: "M3 5.5h10M10.2 2.7 13 5.5l-2.8 2.8M13 10.5H3M5.8 7.7 3 10.5l2.8 2.8",
  edit: "M3 13l.7-2.8 7.2-7.3 2.1 2.1-7.2 7.3zM9.5 4.3l2.1 2.1",
  remove: "M3 4.5h10M6.2 4.5V3h3.6v1.5M4.4 4.5l.6 8.5h6l.6-8.5M6.8 7v3.6M9.2 7v3.6",
  done: "M3 8.5l3.2 3L13 4.5",
  left: "M9.8 4 5.8 8l4 4",
  right: "M6.2 4l4 4-4 4",
  cell: "M2.5 3h11v6h-11zM8 11v4M6 13h4",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  add: "M8 3v10M3 8h10",
  settings: "M2.5 5h6M12.5 5h1M2.5 11h1M7.5 11h6M8.5 5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M3.5 11a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  open: "M4.5 6.5L8 10l3.5-3.5",
  sound: "M3 6.5v3M5.5 4.5v7M8 2.5v11M10.5 5v6M13 6.5v3",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** A sign of 16 by 16 pixels, which a screen reader passes over. */
export function icon(name: IconName): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const attributes = { viewBox: "0 0 16 16", width: "16", height: "16", class: "jor-icon", "aria-hidden": "true", focusable: "false" };
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  path.setAttribute("d", PATHS[name]);
  made.append(path);
  return made;
}
