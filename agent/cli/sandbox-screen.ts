import { collectors } from "../collectors/index.ts";
import type { SandboxState } from "../sandbox/sandbox.ts";

/** What the server has acknowledged and stored, newest value of each key: read back from the server, not from us. */
export function acknowledgedTable({ devices }: SandboxState): readonly string[] {
  const units = new Map(collectors.flatMap(({ keys }) => Object.entries(keys)));
  return Object.values(devices).flatMap(({ name, telemetry }) => {
    const keys = Object.entries(telemetry.keys).sort(([a], [b]) => placeOf(a) - placeOf(b));
    const width = Math.max(0, ...keys.map(([key]) => key.length));
    const rows = keys.map(([key, { latest }]) => {
      const text = typeof latest.value === "string" ? latest.value : JSON.stringify(latest.value);
      return `    ${key.padEnd(width)}  ${text.padStart(12)} ${units.get(key)?.unit ?? ""}`.trimEnd();
    });
    return ["", `  ${name}: ${keys.length} values acknowledged and stored by the server`, ...rows];
  });
}

const order = collectors.flatMap(({ keys }) => Object.keys(keys));

/** As `pipit sample` lists them; what no collector declares comes last. */
const placeOf = (key: string) => {
  const place = order.indexOf(key);
  return place < 0 ? order.length : place;
};

export interface Delivered {
  readonly accepted: number;
  readonly waiting: number;
}

/** "12 samples, 12 stored, 0 waiting, 0 lost, 9 repeats": the books of both sides, side by side. */
export function closingLine(
  { accepted, waiting }: Delivered,
  { devices, counters }: SandboxState,
): string {
  const stored = Object.values(devices).reduce((sum, { telemetry }) => sum + telemetry.samples, 0);
  const parts = [
    `${accepted} samples`,
    `${stored} stored`,
    `${waiting} waiting`,
    `${Math.max(0, accepted - stored - waiting)} lost`,
    `${counters.repeats} repeats`,
  ];
  return parts.join(", ");
}
