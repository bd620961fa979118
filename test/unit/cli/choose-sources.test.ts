import { expect, it } from "vitest";
import { chooseSources } from "../../../agent/cli/choose-sources.ts";
import { UsageError } from "../../../agent/cli/command.ts";
import { collectors } from "../../../agent/collectors/index.ts";
import { aSource } from "../../support/a-source.ts";

const tank = aSource({
  name: "ds18b20@28-0316a2794eff/temp",
  collect: async () => null,
  keys: { tankTemperature: { unit: "°C", source: "/sys/…/temperature" } },
});
const ups = aSource({ name: "exec ups", collect: async () => null });

const choose = (metrics: readonly string[], names: readonly string[]) => {
  const choice = chooseSources(collectors, metrics, [tank, ups], names);
  return {
    metrics: choice.metrics,
    sensors: [tank, ups].filter(choice.isWanted).map(({ name }) => name),
  };
};

it("without names shows what the configuration sends", () => {
  expect(choose(["load", "uptime"], [])).toEqual({
    metrics: ["load", "uptime"],
    sensors: [tank.name, ups.name],
  });
});

it("shows a named collector although the configuration does not send it, and no sensor", () => {
  expect(choose(["load"], ["swap"])).toEqual({ metrics: ["swapUsage"], sensors: [] });
});

it("shows the optional keys that the configuration adds", () => {
  expect(choose(["cpu", "cpuIowait"], ["cpu"]).metrics).toEqual(["cpuUsage", "cpuIowait"]);
});

it("takes single keys too", () => {
  expect(choose([], ["inodeUsage", "thermal"]).metrics).toEqual(["inodeUsage", "cpuTemperature"]);
});

it("takes a sensor by its id or its key, or all of them", () => {
  expect(choose([], ["tankTemperature"])).toEqual({ metrics: [], sensors: [tank.name] });
  expect(choose([], ["exec ups", "load"])).toEqual({ metrics: ["load1"], sensors: [ups.name] });
  expect(choose([], ["sensors"]).sensors).toEqual([tank.name, ups.name]);
});

it("takes a plain key for a sensor's, not for the end of another name", () => {
  const room = aSource({
    name: "bme280@1-0076/temp",
    collect: async () => null,
    keys: { temperature: { unit: "°C", source: "/sys/…/in_temp_input" } },
  });
  const choice = chooseSources(collectors, ["cpu"], [tank, room], ["temperature"]);
  expect(choice.metrics).toEqual([]);
  expect([tank, room].filter(choice.isWanted)).toEqual([room]);
  expect(() => choose(["cpu"], ["temperature"])).toThrow(/^"temperature" is neither /);
});

it("refuses an unknown name and proposes the nearest", () => {
  expect(() => choose([], ["cpu", "memroy"])).toThrow(UsageError);
  expect(() => choose([], ["memroy"])).toThrow(
    /^"memroy" is neither a collector nor a sensor; did you mean "memory"\? One of: cpu, /,
  );
  expect(() => choose([], ["bluetooth"])).toThrow(/^"bluetooth" is neither .*; One of: /);
});
