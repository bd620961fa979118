import type { Readings } from "../../agent/ports.ts";

const names = [
  ...["cpuUsage", "cpuIowait", "cpuTemperature", "load1", "load5", "load15", "memoryUsage"],
  ...[
    "swapUsage",
    "pressureCpu",
    "pressureIo",
    "diskUsage",
    "wifiSignal",
    "agentRttMs",
    "humidity",
  ],
];
const counters = [
  "diskWriteBps",
  "networkRxBps",
  "networkTxBps",
  "sdWrittenGb",
  "agentDiskWriteMb",
];
const constants: Readings = {
  rootReadOnly: false,
  piThrottled: false,
  piUnderVoltage: false,
  piThrottleEvents: 0,
  inodeUsage: 5,
  agentSensorErrors: 0,
  cpuSteal: 0,
  cpuFrequencyMhz: 1800,
  agentDropped: 0,
  agentRetries: 1,
};

/** 30 keys of a board that does little: some never change, some creep, some grow. Each call is one interval later. */
export function boardReadings(fraction: () => number): () => Readings {
  const values = new Map<string, number>(names.map((name) => [name, 20 + fraction() * 40]));
  for (const name of counters) values.set(name, 1_000);
  let uptime = 100;
  return () => {
    uptime += 10;
    for (const [name, value] of values) {
      const step = counters.includes(name) ? fraction() * 500 : (fraction() - 0.5) * 2;
      if (fraction() < 0.6) values.set(name, Math.round((value + step) * 100) / 100);
    }
    return { uptime, ...Object.fromEntries(values), ...constants };
  };
}
