/** Makes characters visible, or harmless, that could hide or reorder the text around them. */

// C0 but tab and newline, DEL, C1, line and paragraph separators, bidi embeddings, overrides and isolates,
// invisible operators, BOM, zero-width space, annotation marks, tag characters, surrogates that stand alone.
const ODD =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e007f}]/u;
/** Flags of parts of a country, the only use of tag characters; behind anything else they would hide words. */
const FLAG = /\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}/u;
const SEEN = new RegExp(`${FLAG.source}|${ODD.source}`, "gu");
const GONE = /[\u200b\u2060\ufeff]/;

/** The text as it may be shown: controls as their pictures, bidi controls as U+FFFD, joiners for emoji and Persian, and flags, kept. */
export function visible(text: string): string {
  return text.replace(SEEN, (odd) => {
    if (odd.length > 2) return odd;
    const code = odd.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    if (code === 0x2028 || code === 0x2029) return "\n";
    return GONE.test(odd) ? "" : "\ufffd";
  });
}
