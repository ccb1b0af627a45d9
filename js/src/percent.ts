/** Writes an address with what may not stand in one percent-coded, and an address as text that can be read. */

/** The host in brackets is an address by numbers. */
const NUMBERS = /^https?:\/\/\[[\da-f:.]+\]/i;

/** The address for `href`; what is percent-coded already stays. */
export function coded(written: string): string {
  const text = written.trim();
  const host = NUMBERS.exec(text)?.[0] ?? "";
  const rest = text.slice(host.length).replace(/[\ud800-\udfff]/gu, "\ufffd");
  return host + encodeURI(rest).replace(/%25([\da-f]{2})/gi, "%$1");
}

/** The address with its letters as they are read; signs that mean something in an address, and `%`, stay coded. */
export function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURI(run.replaceAll("%25", "%2525"));
    } catch {
      return run; // no UTF-8
    }
  });
}
