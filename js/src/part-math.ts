/** The lazy part that sets formulas: TeX to MathML in which only elements and attributes of a fixed list are left. */
import DOMPurify from "dompurify";
import temml from "temml";
import { copy } from "./copying";
import type { MathPart } from "./parts";

const LONGEST = 5_000;
/** A formula that defines macros may be no longer than this, and expand no more often. */
const LONGEST_WITH_MACROS = 600;
/** What reads chemistry takes more than twice as long for twice as much. */
const LONGEST_CHEMISTRY = 1_000;
const MOST_EXPANSIONS = 600;
const MOST_EXPANSIONS_WITH_MACROS = 40;
/** Largest sizes that a formula may ask for, in em and in pt. */
const LARGEST: [number, number] = [40, 400];
const MOST_NODES = 6_000;
const DEEPEST = 60;
const DEFINES = /\\(?:[egx]?def|let|futurelet|(?:re|provide)?newcommand|DeclareMathOperator|global|long)(?![a-zA-Z])/;
const CHEMISTRY = /\\(?:ce|pu)(?![a-zA-Z])/;

const TAGS = "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded mphantom menclose msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd".split(" ");
const ATTRIBUTES = (
  "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form frame height largeop linebreak " +
  "linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation rowlines rowspacing " +
  "rspace scriptlevel separator stretchy symmetric voffset width class style"
).split(" ");
/** The classes of Temml for which parts.css has rules. */
const CLASSES = /^(?:tml-(?:display|overline|underline|cancel|xcancel|fbox|left|right|eqn|tageqn|small|jot|vec|prime|(?:sml|med|lrg)-pad)|upstrike|downstrike|sout|mathscr|mathcal|menclose)$/;
const STYLES = /^(?:color|background-color|font-(?:weight|style|size)|text-align|padding(?:-\w+)?|border(?:-\w+){0,2}|margin-left|width|height|math-depth|display)$/;
const VALUE = /^[\w\s.,#%()+-]{1,80}$/;
const LENGTH = /^[+-]?(\d*\.?\d+)(em|ex|rem|mu|pt|px|%|width)?$/;
/** Temml does not hold every length to what it was given, so each is looked at once more, by its unit. */
const LONGEST_BY_UNIT: Record<string, number> = { em: LARGEST[0], ex: LARGEST[0], pt: LARGEST[1], px: LARGEST[1], "%": 200, width: 2, "": 40 };
const MEASURED = /^(?:depth|height|linethickness|lspace|maxsize|minsize|mathsize|rspace|voffset|width|rowspacing|columnspacing)$/;

/** Whether no length in an attribute or a style is too long. */
function isModest(value: string): boolean {
  return value.split(" ").every((one) => {
    const length = LENGTH.exec(one);
    return length ? Number(length[1]) <= (LONGEST_BY_UNIT[length[2] ?? ""] ?? 0) : !/^[+-]?[\d.]/.test(one);
  });
}

const purify = DOMPurify(window);

purify.setConfig({
  IN_PLACE: true,
  ALLOWED_TAGS: [...TAGS, "#text"],
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // Nodes are checked in place, no string becomes HTML: no policy is needed.
  TRUSTED_TYPES_POLICY: null as never,
});

purify.addHook("uponSanitizeAttribute", (node, data) => {
  const { attrName, attrValue } = data;
  if (attrName === "class") {
    data.attrValue = attrValue.split(/\s+/).filter((name) => CLASSES.test(name)).join(" ");
    data.keepAttr = data.attrValue !== "";
  } else if (attrName === "style") {
    // Taken from what the browser made of it, one declaration at a time.
    const { style } = node as unknown as ElementCSSInlineStyle;
    const kept = Array.from(style, (name) => [name, style.getPropertyValue(name)] as const).filter(
      ([name, value]) => STYLES.test(name) && VALUE.test(value) && isModest(value) && !/url|var|expression|image|env|attr/i.test(value),
    );
    data.attrValue = kept.map(([name, value]) => `${name}: ${value}`).join("; ");
    data.keepAttr = data.attrValue !== "";
  } else if (MEASURED.test(attrName)) data.keepAttr = isModest(attrValue);
});

/** Temml's own tree, before it is a part of any document. */
interface Built {
  children?: Built[];
  toNode(): Node;
}

/** Braces are counted before anything is built of them. */
function checkBraces(tex: string): void {
  let depth = 0;
  for (const [found] of tex.matchAll(/\\[^]|[{}]/g)) {
    if (found === "{" && ++depth > DEEPEST) throw new Error("it is nested too deeply");
    if (found === "}") depth--;
  }
}

function checkSize(root: Built): void {
  let level = [root];
  let count = 0;
  for (let depth = 0; level.length; depth++) {
    count += level.length;
    if (depth > DEEPEST) throw new Error("it is nested too deeply");
    if (count > MOST_NODES) throw new Error("it is too large");
    level = level.flatMap((node) => node.children ?? []);
  }
}

const math: MathPart = {
  typeset(tex: string, display: boolean): Element {
    const defines = DEFINES.test(tex);
    const longest = defines ? LONGEST_WITH_MACROS : CHEMISTRY.test(tex) ? LONGEST_CHEMISTRY : LONGEST;
    if (tex.length > longest) throw new Error("it is too long");
    checkBraces(tex);
    const built = temml.__renderToMathMLTree(tex, {
      displayMode: display,
      trust: false,
      throwOnError: true,
      strict: false,
      maxSize: LARGEST,
      maxExpand: defines ? MOST_EXPANSIONS_WITH_MACROS : MOST_EXPANSIONS,
      macros: {}, // a fresh one each time: what one formula defines, no other knows
    }) as Built;
    checkSize(built);
    const node = built.toNode();
    if (!(node instanceof Element) || node.localName !== "math") throw new Error("it is no formula");
    purify.sanitize(node);
    return node;
  },
  copy,
};

export default math;
