/** Small drawings on buttons, in the colour of their text; never read out. */

const SVG = "http://www.w3.org/2000/svg";

/** Lines on a field of 16 by 16. */
const PATHS = {
  attach: "M8 3v10M3 8h10",
  settings: "M2.5 5h6M12.5 5h1M2.5 11h1M7.5 11h6M8.5 5a2 2 0 1 0 4 0a2 2 0 1 0-4 0M3.5 11a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  open: "M4.5 6.5L8 10l3.5-3.5",
  remove: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  send: "M8 13V3.5M4 7l4-4 4 4",
  file: "M9 2.5H4.5v11h7V5zM9 2.5V5h2.5",
  sound: "M3 6.5v3M5.5 4.5v7M8 2.5v11M10.5 5v6M13 6.5v3",
  chosen: "M3.5 8.5l3 3 6-7",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", `jor-icon jor-icon-${name}`);
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}
