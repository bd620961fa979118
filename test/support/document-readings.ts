import type { Readings } from "../../agent/ports.ts";

/** The values that ThingsBoard's provisioning document publishes, one of each type; `doubleKey` stands there as 42.0. */
export const documentReadings: Readings = {
  stringKey: "value1",
  booleanKey: true,
  doubleKey: 42,
  longKey: 73,
  jsonKey: { someNumber: 42, someArray: [1, 2, 3], someNestedObject: { key: "value" } },
};
