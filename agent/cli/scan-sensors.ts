import { AgentError } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { KernelChannel } from "../sensors/kernel-channel.ts";
import { withDeadline } from "../timing.ts";
import { aligned } from "./align.ts";
import { shownReading } from "./sample-table.ts";

/** Longer than the agent waits: the slow ones of a bus follow each other. */
const DEADLINE_MS = 30_000;

export interface ScannedChannel {
  readonly channel: KernelChannel;
  readonly outcome: number | AgentError;
}

/** Each channel read once, the slow ones beside the others. */
export function readChannels(
  channels: readonly KernelChannel[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly ScannedChannel[]> {
  const late = () => new AgentError("sensor", `no answer within ${DEADLINE_MS / 1_000} s`);
  const readOne = async (channel: KernelChannel) => {
    try {
      return await withDeadline(clock, DEADLINE_MS, signal, late, (limited) =>
        channel.read(limited),
      );
    } catch (error) {
      if (error instanceof AgentError && error.kind === "sensor") return error;
      throw error;
    }
  };
  return Promise.all(
    channels.map(async (channel) => ({ channel, outcome: await readOne(channel) })),
  );
}

/** "found 2 chips, 4 channels", then a line for each: its id and a live value, or what is wrong with it. */
export function scanTable(
  scanned: readonly ScannedChannel[],
  precision: number,
): readonly string[] {
  if (scanned.length === 0) return ["found no sensor that the kernel knows"];
  const options = { precision, isDecimal: () => true };
  const rows = scanned.map(({ channel, outcome }) => {
    const { id, unit, key, quantity } = channel;
    if (outcome instanceof AgentError)
      return { id, value: "–", unit: "", note: problemOf(outcome) };
    const shown = shownReading(key ?? quantity, outcome, options);
    if ("refused" in shown) return { id, value: "–", unit: "", note: `not sent: ${shown.refused}` };
    return { id, value: shown.text, unit, note: noteOf(channel) };
  });
  const chips = new Set(scanned.map(({ channel }) => channel.id.replace(/\/.*/, "")));
  const widest = (part: "id" | "unit") => Math.max(...rows.map((row) => row[part].length));
  const [ids, units] = [widest("id"), widest("unit")];
  const values = aligned(rows.map(({ value }) => value));
  return [
    `found ${counted(chips.size, "chip")}, ${counted(scanned.length, "channel")}`,
    ...rows.map(({ id, unit, note }, index) =>
      `  ${id.padEnd(ids)}  ${values[index]} ${unit.padEnd(units)}  ${note}`.trimEnd(),
    ),
  ];
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const problemOf = ({ message, hint }: AgentError) =>
  hint === undefined ? message : `${message}; ${hint}`;

const noteOf = ({ automatic, key }: KernelChannel) => {
  if (automatic) return `sent as ${key}`;
  return key === null ? "no stable address: sent only under a key of yours" : "sent only if listed";
};
