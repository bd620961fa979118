import type { Json } from "../ports.ts";
import type { SandboxEvent } from "./event.ts";

const CODE_COLORS: Readonly<Record<string, string>> = { "2": "32", "4": "31", "5": "33" };
const LONGEST_TEXT = 24;

/** `10:42:03  POST telemetry   14 values   2.01   cpuTemperature=48.2 … (3 sends)` */
export function eventLine(event: SandboxEvent, { color = false } = {}): string {
  const what = `${event.method} ${event.path ?? "?"}`.padEnd(17);
  const count = event.points > 0 ? plural(event.points, "value") : "";
  const code = event.code.padEnd(4);
  const columns = [
    clockTime(event.at),
    what,
    count.padEnd(11),
    color ? painted(code, CODE_COLORS[event.code[0] ?? ""] ?? "2") : code,
    [subject(event), sends(event)].filter((text) => text !== "").join(" "),
  ];
  return columns.join("  ").trimEnd();
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

const painted = (text: string, code: string) => `\u001b[${code}m${text}\u001b[0m`;

/** Local time of day, as the person at the terminal sees it. */
function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** The values where there are some, else the device. */
function subject({ values, points, device }: SandboxEvent): string {
  if (values.length === 0) return device === null ? "" : printable(device);
  const shown = values.map(([key, value]) => `${printable(key)}=${short(value)}`).join(" ");
  return points > values.length ? `${shown} …` : shown;
}

function sends({ sends: count, repeat }: SandboxEvent): string {
  if (count < 2) return "";
  return repeat ? `(${count} sends, answered again)` : `(${count} sends)`;
}

function short(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return printable(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text);
}

/** A device may send anything; a terminal must not obey it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are taken out
const printable = (text: string) => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
