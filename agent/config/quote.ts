const LONGEST_QUOTE = 60;

/**
 * A value as its file wrote it, short enough for a message: `"10"`, `10`, `["cpu", "lod"]`.
 * Takes whatever a TOML parser gives and goes one level deep, so that no nesting can exhaust the stack.
 */
export function quote(value: unknown): string {
  const text = Array.isArray(value)
    ? `[${value.slice(0, 20).map(scalar).join(", ")}${value.length > 20 ? ", …" : ""}]`
    : scalar(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE - 1)}…` : text;
}

function scalar(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LONGEST_QUOTE));
  if (typeof value === "number" && !Number.isFinite(value))
    return String(value).replace("Infinity", "inf").toLowerCase();
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (Array.isArray(value)) return "[…]";
  const isTable = typeof value === "object" && value !== null && !("toISOString" in value);
  return isTable ? "{…}" : "a date or time";
}
