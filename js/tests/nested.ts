/** Long documents of everything nested in everything, from a seed. */

type Next = () => number;

const WORDS = "answer block chunk delta engine figure growing half item joint kernel line model note offset page quote row stream table".split(" ");

/** A document of at least `length` characters. */
export function nestedDocument(next: Next, length: number): string {
  const below = (count: number) => Math.floor(next() * count);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const label = () => `l${below(40)}`;
  const word = (): string =>
    pick<() => string>([
      () => pick(WORDS),
      () => pick(WORDS),
      () => pick(WORDS),
      () => `**${pick(WORDS)} ${pick(WORDS)}**`,
      () => `*${pick(WORDS)}*`,
      () => `\`${pick(WORDS)}(${below(9)})\``,
      () => `[${pick(WORDS)}](http://a.example/${pick(WORDS)})`,
      () => `[${pick(WORDS)}][${label()}]`,
      () => `[${label()}]`,
      () => `[^${below(12)}]`,
      () => `$${pick(["x", "y_1", "z^2"])}$`,
      () => `https://b.example/${pick(WORDS)}`,
      () => `~~${pick(WORDS)}~~`,
      () => `<kbd>${pick(WORDS)}</kbd>`,
    ])();
  const words = (count: number) => Array.from({ length: count }, word).join(" ");
  const many = (count: number, make: (at: number) => string[]) => Array.from({ length: count }, (_, at) => make(at)).flat();
  const inside = (lines: string[], first: string, rest: string) => lines.map((line, at) => (at === 0 ? first : line ? rest : rest.trimEnd()) + line);
  const paragraph = () => many(1 + below(3), () => [words(3 + below(9))]);
  const leaf = (): string[] =>
    pick<() => string[]>([
      paragraph,
      paragraph,
      () => [`${"#".repeat(1 + below(4))} ${words(3)}`],
      () => ["", words(2), pick(["===", "---"])],
      () => ["```" + pick(["", "py", "js"]), ...many(1 + below(60), () => [pick(["", "  "]) + pick(WORDS)]), "```"],
      () => ["", `| ${pick(WORDS)} | b |`, "| --- | :-: |", ...many(1 + below(30), () => [`| ${words(1)} | ${pick(WORDS)} |`])],
      () => ["$$", pick(WORDS), "$$"],
      () => ["---"],
      () => ["", `[${label()}]: http://c.example/${pick(WORDS)}`],
      () => ["", `[^${below(12)}]: ${words(4)}`, "", `    ${words(2)}`],
      () => ["", `    ${pick(WORDS)}`, "", `    ${pick(WORDS)}`],
      () => ["<div>", pick(WORDS), "</div>"],
    ])();
  const blocks = (depth: number): string[] =>
    many(1 + below(depth > 3 ? 2 : 4), () => {
      const kind = depth > 4 ? 3 : below(6);
      const inner = () => blocks(depth + 1);
      const gap = () => (below(3) ? [] : [""]);
      if (kind === 0) return [...many(1 + below(8), () => [...inside([...paragraph(), ...(below(3) ? [] : inner())], "- ", "  "), ...gap()]), ""];
      if (kind === 1) return [...many(1 + below(8), (at) => [...inside(inner(), `${(at % 9) + 1}. `, "   "), ...gap()]), ""];
      if (kind === 2) return [...inside(inner(), "> ", "> "), ""];
      return [...leaf(), ""];
    });
  let text = "";
  while (text.length < length) text += `${blocks(0).join("\n")}\n`;
  return text;
}
