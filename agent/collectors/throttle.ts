import { andThen } from "../awaitable.ts";
import type { Readings, ThrottleReport } from "../ports.ts";
import type { Collector } from "./collector.ts";

const ALARM = "/sys/class/hwmon/hwmon*/in0_lcrit_alarm";
const THROTTLED = "/sys/devices/platform/*/*firmware/get_throttled";

/**
 * Whether the supply of a Raspberry Pi was too weak, or the processor slowed down, since the last look. A dip lasts less
 * than a beat, so it is latched between two looks: platform/throttle-latch.ts reads the files every 2 s.
 */
export const throttle: Collector = {
  name: "throttle",
  metric: "pi",
  keys: {
    piThrottled: {
      unit: "",
      meaning: "the processor was slowed down, or its clock capped, since the last report",
      source: THROTTLED,
      flag: true,
    },
    piUnderVoltage: {
      unit: "",
      meaning: "the supply was below 4.63 V since the last report",
      source: ALARM,
      flag: true,
    },
    piThrottleEvents: {
      unit: "",
      meaning: "how often either began since the agent started",
      source: `${ALARM}, ${THROTTLED}`,
      whole: true,
    },
  },
  open: (_host, _settings, devices) => () => andThen(devices.throttle.take(), readingsOf),
};

function readingsOf(report: ThrottleReport | null): Readings | null {
  if (report === null) return null;
  const { throttled, underVoltage, events } = report;
  return {
    ...(throttled === null ? {} : { piThrottled: throttled }),
    piUnderVoltage: underVoltage,
    piThrottleEvents: events,
  };
}
