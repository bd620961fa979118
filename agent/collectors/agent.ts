import type { Host, Readings } from "../ports.ts";
import type { AgentState, Collector } from "./collector.ts";
import { dueAfter } from "./due.ts";
import { count, unexpected } from "./parse.ts";
import { readOptional } from "./read.ts";

const STATUS = "/proc/self/status";

/** Nobody needs these figures at every beat. */
const PACE_MS = 5 * 60_000;

/** `source` of what no file says. */
const AGENT = "the agent";

/** Sent by themselves, once after each outage: docs/telemetry.md. They belong to no collector, and no `metrics` leave them out. */
export const gapKeys: Collector["keys"] = {
  agentGapSeconds: {
    unit: "s",
    meaning: "between the last acknowledgement before an outage and the first after it",
    source: AGENT,
    whole: true,
  },
  agentBackfilled: {
    unit: "",
    meaning: "samples of the outage that were delivered afterwards",
    source: AGENT,
    whole: true,
  },
  agentGapDropped: {
    unit: "",
    meaning: "samples given up from its beginning until the last of them was delivered",
    source: AGENT,
    whole: true,
  },
};

/**
 * How the agent itself is: every 5 minutes, and at once when something was lost for the first time in that long. The
 * kernel counts its memory in kB of 1024 bytes ("RssAnon:\t   41216 kB", without the files that are mapped).
 */
export const agent: Collector = {
  name: "agent",
  metric: "agent",
  keys: {
    agentBuffered: {
      unit: "",
      meaning: "samples that wait for the server",
      source: AGENT,
      whole: true,
    },
    agentDropped: {
      unit: "",
      meaning: "samples given up: too old, too many, or of which the server refused a key",
      source: AGENT,
      whole: true,
    },
    agentRttMs: { unit: "ms", meaning: "last round trip to the server", source: AGENT },
    agentRetries: {
      unit: "",
      meaning: "CoAP retransmissions since the agent started",
      source: AGENT,
      whole: true,
    },
    agentMemoryMb: { unit: "MB", meaning: "memory of the agent's own", source: STATUS },
    agentDiskWriteMb: {
      unit: "MB",
      meaning:
        "written to the disk today by UTC, without a date in 24 hours of running: an estimate, with what the file system adds",
      source: AGENT,
    },
    agentSensorErrors: {
      unit: "",
      meaning: "looks that failed since the agent started",
      source: AGENT,
      whole: true,
    },
    agentSafeMode: {
      unit: "",
      meaning:
        "after five crashes in a row the agent runs with default settings; false: it did until now; else absent",
      source: AGENT,
      flag: true,
    },
  },
  open(host, _settings, devices) {
    let dueMs = Number.NEGATIVE_INFINITY;
    const troubles = troubleKeys.map(createTrouble);
    const report = async (lost: Losses, monotonicMs: number) => {
      const counters = countersOf(devices.agent, lost);
      const readings = { ...counters, ...(await processReadings(host)) };
      dueMs = dueAfter(monotonicMs, PACE_MS);
      for (const trouble of troubles) trouble.reported(counters, monotonicMs);
      return readings;
    };
    return ({ monotonicMs }) => {
      const lost = lossesOf(devices.agent);
      const isNews = troubles.some((trouble) => trouble.isNews(lost, monotonicMs));
      return monotonicMs < dueMs && !isNews ? {} : report(lost, monotonicMs);
    };
  },
};

/** What grows when something was lost. */
const troubleKeys = ["agentDropped", "agentSensorErrors"] as const;

type Losses = Readonly<Record<(typeof troubleKeys)[number], number>>;

/** The first of its kind is told at once; while it goes on, the report of every 5 minutes tells the rest. */
function createTrouble(key: (typeof troubleKeys)[number]) {
  let told: number | null = null;
  let quietFromMs = Number.NEGATIVE_INFINITY;
  return {
    isNews: (counters: Losses, nowMs: number) =>
      told !== null && counters[key] > told && nowMs >= quietFromMs,
    reported(counters: Losses, nowMs: number) {
      if (told !== null && counters[key] > told) quietFromMs = nowMs + PACE_MS;
      told = counters[key];
    },
  };
}

const lossesOf = ({ health, journal }: AgentState): Losses => ({
  agentDropped: journal.dropped(),
  agentSensorErrors: health.sensorErrors,
});

function countersOf({ health, journal, coap }: AgentState, lost: Losses): Losses & Readings {
  const { waiting, bytesToday } = journal.stats();
  const { lastRoundTripMs, retransmissions } = coap();
  return {
    agentBuffered: waiting,
    agentDropped: lost.agentDropped,
    ...(lastRoundTripMs === null ? {} : { agentRttMs: lastRoundTripMs }),
    agentRetries: retransmissions,
    agentDiskWriteMb: bytesToday / 1e6,
    agentSensorErrors: lost.agentSensorErrors,
    ...(health.safeMode === null ? {} : { agentSafeMode: health.safeMode }),
  };
}

async function processReadings(host: Host): Promise<Readings> {
  const status = await readOptional(host, STATUS);
  return status === null ? {} : { agentMemoryMb: parseOwnMemory(status) / 1e6 };
}

/** Bytes. @throws AgentError `sensor` */
export function parseOwnMemory(status: string): number {
  const kilobytes = count(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
  if (kilobytes === null) throw unexpected(STATUS, "the status of a process", status);
  return kilobytes * 1024;
}
