import type { Status } from "../../agent/status.ts";

/** As an agent that is well writes it. */
export const aStatus = (overrides: Partial<Status> = {}): Status => ({
  format: 1,
  version: "1.0.0",
  state: "online",
  state_seconds: 273_600,
  cause: null,
  reason: null,
  device: "rpi-abcdef01",
  server: {
    url: "coaps://tb.example.com",
    security: "dtls",
    rtt_ms: 41,
    last_ack_seconds: 12,
    retransmissions: 3,
  },
  readings: { values: 17, interval_seconds: 60, failing: [] },
  outbox: {
    waiting: 0,
    dropped: 0,
    dropped_by: {},
    storage: "disk",
    bytes_today: 5_800_000,
    drain_seconds: null,
  },
  clock: { trusted: true, source: "synchronised" },
  last_stop: "powerCut",
  degradations: [],
  process: { pid: 812, owner: "812 4711 b", seconds: 273_700, memory_mb: 54.2, cpu_seconds: 68.4 },
  written: { epoch_ms: 1_795_341_600_000, monotonic_ms: 1_000_000, every_seconds: 10 },
  ...overrides,
});
