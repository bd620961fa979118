import { isJsonObject, type JsonObject, parseJson } from "../json.ts";
import type { Json } from "../ports.ts";
import { STATUS_FORMAT, type Status } from "../status.ts";

type Kind = "number" | "number?" | "string" | "string?" | "boolean" | "list" | "object";
interface Shape {
  readonly [name: string]: Kind | Shape;
}

/** What the screen reads of it; a newer agent may say more. */
const SHAPE: Shape = {
  format: "number",
  version: "string",
  state: "string",
  state_seconds: "number",
  cause: "string?",
  reason: "string?",
  device: "string?",
  server: { url: "string", rtt_ms: "number?", last_ack_seconds: "number?" },
  readings: { values: "number", interval_seconds: "number", failing: "list" },
  outbox: {
    waiting: "number",
    dropped: "number",
    dropped_by: "object",
    storage: "string",
    bytes_today: "number",
    drain_seconds: "number?",
  },
  clock: { trusted: "boolean", source: "string?" },
  last_stop: "string",
  degradations: "list",
  process: {
    pid: "number",
    owner: "string",
    seconds: "number",
    memory_mb: "number?",
    cpu_seconds: "number",
  },
  written: { epoch_ms: "number", monotonic_ms: "number", every_seconds: "number?" },
};

const FAILING: Shape = { source: "string", error: "string", count: "number" };
const DEGRADATION: Shape = { name: "string", code: "string", text: "string", fix: "string" };

export type ParsedStatus = { readonly status: Status } | { readonly problem: string };

/** A file of whatever origin: the status in it, or what is wrong with it. */
export function parseStatus(text: string): ParsedStatus {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed)) return { problem: "it is not one JSON object" };
  const { format } = parsed;
  if (typeof format === "number" && format > STATUS_FORMAT)
    return { problem: `its format is ${format}, of a newer Pipit than this one` };
  const wrong = firstWrong(parsed, SHAPE);
  if (wrong !== null) return { problem: `"${wrong}" is missing, or not what it should be` };
  return { status: parsed as JsonObject & Status };
}

function firstWrong(object: JsonObject, shape: Shape): string | null {
  for (const [name, kind] of Object.entries(shape)) {
    const value = object[name];
    if (typeof kind === "string") {
      if (!isKind(value, kind, name)) return name;
      continue;
    }
    if (!isJsonObject(value)) return name;
    const inner = firstWrong(value, kind);
    if (inner !== null) return `${name}.${inner}`;
  }
  return null;
}

function isKind(value: Json | undefined, kind: Kind, name: string): boolean {
  if (kind === "object") return isJsonObject(value);
  if (kind === "list") {
    const shape = name === "failing" ? FAILING : DEGRADATION;
    return (
      Array.isArray(value) &&
      value.every((item: Json) => isJsonObject(item) && firstWrong(item, shape) === null)
    );
  }
  if (kind.endsWith("?")) return value === null || `${typeof value}?` === kind;
  return typeof value === kind;
}
