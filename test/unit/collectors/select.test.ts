import { describe, expect, it } from "vitest";
import type { Collector, KeySpec } from "../../../agent/collectors/collector.ts";
import { collectors, collectorsFor } from "../../../agent/collectors/index.ts";
import { metricNames, selectCollectors } from "../../../agent/collectors/select.ts";

const select = (metrics: readonly string[], all = collectors) => {
  const { collectors: chosen, keys } = selectCollectors(all, metrics);
  return { names: chosen.map(({ name }) => name), keys: [...keys] };
};
const twoDisks = collectorsFor({ diskPaths: ["/", "/mnt/usb"], networkInterfaces: [] });

describe("a selection", () => {
  it("by group has the default keys of all its collectors", () => {
    expect(select(["cpu"])).toEqual({
      names: ["cpu", "thermal"],
      keys: ["cpuUsage", "cpuTemperature"],
    });
  });

  it("by key has that key alone, optional or not", () => {
    expect(select(["load15", "cpuTemperature"])).toEqual({
      names: ["thermal", "load"],
      keys: ["cpuTemperature", "load15"],
    });
  });

  it("adds an optional key to its group", () => {
    expect(select(["cpu", "cpuSteal"]).keys).toEqual(["cpuUsage", "cpuSteal", "cpuTemperature"]);
  });

  it("has the same quantities of every disk", () => {
    expect(select(["disk", "inodeUsage"], twoDisks).keys).toEqual([
      "diskUsage",
      "diskFreeGb",
      "inodeUsage",
      "usbDiskUsage",
      "usbDiskFreeGb",
      "usbInodeUsage",
    ]);
    expect(select(["usbDiskFreeGb"], twoDisks)).toEqual({
      names: ["usbDisk"],
      keys: ["usbDiskFreeGb"],
    });
  });

  it("by group has all keys of a group without a default, but none beside a default", () => {
    const spec: KeySpec = { unit: "", meaning: "made up", source: "/x", optional: true };
    const made = (name: string, metric: string, keys: Collector["keys"]): Collector => ({
      name,
      metric,
      keys,
      open: () => async () => null,
    });
    const tank = made("madeUpTank", "madeUpTank", { madeUpLevel: spec, madeUpFlow: spec });
    const all = [...collectors, tank, made("madeUpExtra", "cpu", { madeUpTicks: spec })];
    expect(select(["madeUpTank", "cpu"], all).keys).toEqual([
      "cpuUsage",
      "cpuTemperature",
      "madeUpLevel",
      "madeUpFlow",
    ]);
  });

  it.each(collectors.flatMap(({ keys }) => Object.keys(keys)))(
    "by the key %s has that key alone, on each disk",
    (key) => expect(select([key])).toMatchObject({ keys: [key] }),
  );

  it("by group reaches no key that merely ends like it: pressureCpu, pressureMemory", () => {
    const { keys } = select(["cpu", "memory", "disk", "pi", "agent"]);
    expect(keys.filter((key) => key.startsWith("pressure"))).toEqual([]);
  });

  it.each(["temperature", "usage", "bps", "mb", "events", "temp", "throttled"])(
    "by %s reaches no key that merely ends like it",
    (name) => expect(select([name], twoDisks)).toEqual({ names: [], keys: [] }),
  );

  it("of nothing opens nothing", () => expect(select([])).toEqual({ names: [], keys: [] }));
});

it("the names of metrics are the groups and the keys, each once", () => {
  const names = metricNames(collectors);
  const groups = [...new Set(collectors.map(({ metric }) => metric))];
  expect(names.slice(0, groups.length)).toEqual(groups);
  for (const group of ["cpu", "memory", "disk", "diskIo", "pi", "agent"])
    expect(groups).toContain(group);
  expect(names).toContain("cpuIowait");
  expect(new Set(names).size).toBe(names.length);
});

describe("the collectors", () => {
  it("have names of their own, and no key belongs to two", () => {
    const names = twoDisks.map(({ name }) => name);
    const keys = twoDisks.flatMap((collector) => Object.keys(collector.keys));
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("have the keys of a group in one place: none is named like a group of others", () => {
    const groups = new Set(twoDisks.map(({ metric }) => metric));
    for (const { metric, keys } of twoDisks)
      for (const key of Object.keys(keys)) if (groups.has(key)) expect(key).toBe(metric);
  });

  it("have keys that need no quoting in a rule script", () => {
    for (const { keys } of twoDisks)
      for (const key of Object.keys(keys)) expect(key).toMatch(/^[a-z][A-Za-z0-9]{0,63}$/);
  });
});
