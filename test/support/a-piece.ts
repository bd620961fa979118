import type { OutboxEntry } from "../../agent/telemetry/outbox.ts";

/** A sample, or a part of one, with these keys. */
export const piece = (id: number, ...keys: string[]): OutboxEntry => ({
  id,
  ts: 1_000 + id,
  readings: Object.fromEntries(keys.map((key) => [key, 1])),
});
