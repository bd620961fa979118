import { describe, expect, it } from "vitest";
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

  it("of nothing opens nothing", () => expect(select([])).toEqual({ names: [], keys: [] }));
});

it("the names of metrics are the groups and the keys, each once", () => {
  const names = metricNames(collectors);
  expect(names.slice(0, 7)).toEqual(["cpu", "load", "memory", "swap", "disk", "network", "uptime"]);
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

  it("have keys that need no quoting in a rule script", () => {
    for (const { keys } of twoDisks)
      for (const key of Object.keys(keys)) expect(key).toMatch(/^[a-z][A-Za-z0-9]{0,63}$/);
  });
});
