import type { AgentState } from "../collectors/collector.ts";
import { createHealth } from "../health.ts";

/** For commands that look at the machine without being the agent. */
export const noAgent: AgentState = {
  health: createHealth(),
  journal: {
    dropped: () => 0,
    stats: () => ({
      waiting: 0,
      dropped: 0,
      droppedBy: {},
      storage: "memory",
      problem: null,
      bytesWritten: 0,
      bytesToday: 0,
    }),
  },
  coap: () => ({ lastRoundTripMs: null, retransmissions: 0 }),
};
