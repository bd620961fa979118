import { noAgent } from "../../agent/cli/no-agent.ts";
import type { Devices } from "../../agent/collectors/collector.ts";
import type { Collect, Readings } from "../../agent/ports.ts";

/** One look of a collector at a moment of the monotonic clock. */
export const lookAt = async (collect: Collect, monotonicMs: number): Promise<Readings | null> =>
  collect({ monotonicMs, signal: new AbortController().signal });

/** A machine without an under-voltage alarm, and an agent that has done nothing yet. */
export const noDevices: Devices = {
  throttle: { take: async () => null, files: () => [] },
  agent: noAgent,
  gate: { run: (_turn, _signal, work) => work() },
};
