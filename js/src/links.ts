/** Decides which addresses from a model may be followed, and what a reader must see of them. */

export interface Address {
  href: string;
  /** Host with port as the browser understands it; "" for mail and for a place in the page. */
  host: string;
}

const BAD = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\\"<>`]/;

/** The address when it may be a link (http, https, mailto, #), else null. */
export function address(href: string): Address | null {
  if (!href || href.length > 8192 || BAD.test(href)) return null;
  if (href.startsWith("#")) return { href, host: "" };
  if (/^mailto:[^/]/i.test(href)) return { href, host: "" };
  return /^https?:\/\/[^/?#]/i.test(href) ? web(href) : null;
}

/** The address when it is http or https, the only ones an image may be loaded from. */
export function imageAddress(src: string): Address | null {
  const found = address(src);
  return found?.host ? found : null;
}

function web(href: string): Address | null {
  try {
    const url = new URL(href);
    return (url.protocol === "http:" || url.protocol === "https:") && url.host ? { href, host: url.host } : null;
  } catch {
    return null; // not an address: shown as text
  }
}

const LOOKS_LIKE_HOST = /(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^\s/@]+@)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,}|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?/giu;

/** The host to show behind a label, or "" when the label cannot be taken for another address. */
export function hostToShow(label: string, { href, host }: Address): string {
  if (!host) return "";
  if (/xn--/i.test(host) || new URL(href).username) return host;
  const bare = (name: string) => name.toLowerCase().replace(/^www\./, "").replace(/:\d+$/, "");
  for (const match of label.matchAll(LOOKS_LIKE_HOST)) {
    const named = match[1] ?? "";
    // `file.py` and `e.g.` look like hosts too; showing the real one then is harmless.
    if (bare(named) !== bare(host)) return host;
  }
  return "";
}
