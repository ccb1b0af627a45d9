/** What the settings of a chat may be, what of them was typed, and what of that is wrong; pure. */
import type { Params } from "./protocol";

export const EFFORTS = ["off", "minimal", "low", "medium", "high", "xhigh"] as const;
const LONGEST_SYSTEM = 200_000;
const MOST_TOKENS = 1e9;

/** As the fields of the form hold them; "" is the model's own. */
export interface Fields {
  system: string;
  temperature: string;
  max_tokens: string;
  reasoning: string;
  web: string;
}

export type FieldName = keyof Fields;
type Changes = { system?: string; params?: { [name in keyof Params]: Params[name] | null } };

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** The fields as the kernel has them set; what a field cannot show is left to `besides`. */
export function fieldsOf(system: string, params: Record<string, unknown>): Fields {
  const { temperature, max_tokens, reasoning, web } = params;
  return {
    system,
    temperature: isNumber(temperature) ? String(temperature) : "",
    max_tokens: isNumber(max_tokens) ? String(max_tokens) : "",
    reasoning: EFFORTS.some((effort) => effort === reasoning) ? String(reasoning) : "",
    web: typeof web === "boolean" ? (web ? "on" : "off") : "",
  };
}

/** What is set in Python and has no field, or not this value, as names and JSON. */
export function besides(params: Record<string, unknown>): [string, string][] {
  const shown = fieldsOf("", params);
  const hidden = Object.entries(params).filter(([name, value]) => value !== null && value !== undefined && !(name in shown && shown[name as FieldName] !== ""));
  return hidden.map(([name, value]) => [name, JSON.stringify(value) ?? String(value)]);
}

/** What is wrong with each field. */
export function wrong({ system, temperature, max_tokens }: Fields): Partial<Record<FieldName, string>> {
  const found: Partial<Record<FieldName, string>> = {};
  const degrees = Number(temperature);
  const most = Number(max_tokens);
  if (system.length > LONGEST_SYSTEM) found.system = `at most ${LONGEST_SYSTEM.toLocaleString("en-US")} characters`;
  if (temperature.trim() && !(degrees >= 0 && degrees <= 2)) found.temperature = "a number from 0 to 2";
  if (max_tokens.trim() && !(Number.isInteger(most) && most >= 1 && most <= MOST_TOKENS)) found.max_tokens = "a whole number, 1 or more";
  return found;
}

/** What of the form differs from what is set, as the message that sets it. */
export function changes(before: Fields, after: Fields): Changes {
  const number = (text: string) => (text.trim() === "" ? null : Number(text));
  const values: Record<Exclude<FieldName, "system">, unknown> = {
    temperature: number(after.temperature),
    max_tokens: number(after.max_tokens),
    reasoning: after.reasoning || null,
    web: after.web === "" ? null : after.web === "on",
  };
  const changed = Object.entries(values).filter(([name]) => before[name as FieldName].trim() !== after[name as FieldName].trim());
  return {
    ...(before.system !== after.system ? { system: after.system } : {}),
    ...(changed.length ? { params: Object.fromEntries(changed) as NonNullable<Changes["params"]> } : {}),
  };
}
