import { expect, it } from "vitest";
import { chooseCollectors } from "../../../agent/cli/choose-collectors.ts";
import { UsageError } from "../../../agent/cli/command.ts";
import { collectors } from "../../../agent/collectors/index.ts";

const choose = (metrics: readonly string[], names: readonly string[]) => {
  const { collectors: chosen, keys } = chooseCollectors(collectors, metrics, names);
  return { names: chosen.map(({ name }) => name), keys: [...keys] };
};

it("without names shows what the configuration sends", () => {
  expect(choose(["load", "uptime"], [])).toEqual({
    names: ["load", "uptime"],
    keys: ["load1", "uptime"],
  });
});

it("shows a named collector although the configuration does not send it", () => {
  expect(choose(["load"], ["swap"])).toEqual({ names: ["swap"], keys: ["swapUsage"] });
});

it("shows the optional keys that the configuration adds", () => {
  expect(choose(["cpu", "cpuIowait"], ["cpu"])).toEqual({
    names: ["cpu"],
    keys: ["cpuUsage", "cpuIowait"],
  });
});

it("takes single keys too", () => {
  expect(choose([], ["inodeUsage", "thermal"])).toEqual({
    names: ["thermal", "disk"],
    keys: ["inodeUsage", "cpuTemperature"],
  });
});

it("refuses an unknown name and proposes the nearest", () => {
  expect(() => choose([], ["cpu", "memroy"])).toThrow(UsageError);
  expect(() => choose([], ["memroy"])).toThrow(
    /^"memroy" is not a collector; did you mean "memory"\? One of: cpu, thermal, /,
  );
  expect(() => choose([], ["bluetooth"])).toThrow(/^"bluetooth" is not a collector; One of: /);
});
