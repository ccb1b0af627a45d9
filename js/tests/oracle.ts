/** Says what in a page from a model is not on the list of elements, attributes and addresses that may be there. */
import createDOMPurify from "dompurify";

const ELEMENTS = new Set(
  "a b i u s em strong kbd samp var sub sup small mark del ins q br wbr details summary p h1 h2 h3 h4 h5 h6 ul ol li blockquote hr table thead tbody tr th td pre code div span button section".split(" "),
);
const CLASS = /^jor-(section|items|code|code-bar|code-language|copy|chunk|table|table jor-held|left|right|center|math|image|image-label|image-load|host|nolink|html|tight|loose|task|tick|seam|notes|mark|mark-link|note-(text|back)|alert-name|alert jor-alert-(note|tip|important|warning|caution))$/;
const HREF = /^(https?:\/\/[^/?#\s\\]|mailto:[^/]|#)/i;
// Controls but tab and newline, bidi embeddings, overrides and isolates, tag characters, surrogates that stand alone.
const ODD = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff\u{e0000}-\u{e007f}]/u;

type Check = (value: string, element: Element) => boolean;

/** Every attribute that may be there; one that is not named is a finding. */
const ATTRIBUTES = new Map<string, Check>(
  Object.entries({
    class: (value) => CLASS.test(value),
    dir: (value) => value === "rtl" || value === "ltr",
    href: (value, { localName }) => localName === "a" && HREF.test(value) && !/[\u0000-\u0020\u007f-\u009f\\"<>`]/.test(value),
    rel: (value, { localName }) => localName === "a" && value === "noopener noreferrer nofollow",
    target: (value, { localName }) => localName === "a" && value === "_blank",
    role: (value, { className, localName }) =>
      (localName === "table" && value === "table") || (/^t(head|body)$/.test(localName) && value === "rowgroup") ||
      value === { "jor-notes": "doc-endnotes", "jor-items": "none", "jor-tight": "list", "jor-loose": "list" }[className] && (value !== "list" || /^[ou]l$/.test(localName)),
    value: (value, { localName }) => localName === "li" && /^\d{1,10}$/.test(value),
    // The columns of a long table, measured by us.
    style: (value, { localName }) => /^(table|th|td)$/.test(localName) && /^(?:(?:--jor-\w+|width): ?[-\w.(), +*/]+; ?)+$/.test(value) && !/url|image/i.test(value),
    start: (value, { localName }) => localName === "ol" && /^\d{1,9}$/.test(value),
    title: (value, element) => element.className === "jor-image" && /^https?:/i.test(value),
    type: (value, { localName }) => localName === "button" && value === "button",
    "aria-label": (_, { localName }) => localName === "button",
  } satisfies Record<string, Check>),
);

const XHTML = "http://www.w3.org/1999/xhtml";

/** What is in the page and on no list, in words; an empty list for a page that can do nothing. */
export function strangers(root: Element): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll("*")) {
    if (element.namespaceURI !== XHTML || !ELEMENTS.has(element.localName)) found.push(`<${element.localName}>`);
    for (const { name, value } of Array.from(element.attributes)) {
      if (!ATTRIBUTES.get(name)?.(value, element)) found.push(`<${element.localName} ${name}="${value}">`);
      if (ODD.test(value)) found.push(`odd character in ${name}`);
    }
    if (element.localName === "a" && !(element.hasAttribute("rel") && element.hasAttribute("target"))) found.push("a bare link");
    if (element.localName === "button" && !/^jor-(copy|image-load|mark-link|note-back)$/.test(element.className)) found.push("a button that is not ours");
  }
  const walker = root.ownerDocument.createTreeWalker(root);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.TEXT_NODE) found.push(`a node of type ${node.nodeType}`);
  }
  const odd = ODD.exec(root.textContent ?? "");
  if (odd) found.push(`the character U+${(odd[0].codePointAt(0) ?? 0).toString(16)}`);
  return found;
}

let purify: ReturnType<typeof createDOMPurify> | undefined;

/** What DOMPurify takes out of the page when it is written as HTML and read again; a second opinion. */
export function purified(root: Element): string[] {
  purify ??= createDOMPurify(root.ownerDocument.defaultView as never);
  const read = root.ownerDocument.createElement("template");
  read.innerHTML = root.innerHTML;
  // A link that opens a new tab is ours to make; DOMPurify drops that attribute unless it is asked not to.
  const clean = purify.sanitize(root.innerHTML, { ADD_ATTR: ["target"], ALLOW_DATA_ATTR: false });
  if (clean === read.innerHTML) return [];
  const removed = purify.removed.map((one) => ("element" in one ? one.element?.nodeName : one.attribute?.name));
  return [`DOMPurify removes ${removed.join(", ") || "something"}`];
}
