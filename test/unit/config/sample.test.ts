import { expect, it } from "vitest";
import { allSettings, defaultConfig } from "../../../agent/config/config.ts";
import { sampleToml } from "../../../agent/config/sample.ts";
import { wrap } from "../../../agent/config/wrap.ts";
import { parseFile } from "../../support/config-input.ts";

/** Settings that have no default: the sample shows an example. */
const examples = /^# ((url|ca_file|key|secret) = )/gm;
const uncommented = (text: string) => text.replace(/^# (\w+ = |\[\[)/gm, "$1");

it("is an empty configuration as it stands", () => {
  const { config, problems, origins } = parseFile(sampleToml());
  expect(config).toEqual(defaultConfig);
  expect(problems).toEqual([]);
  expect([...origins.values()].every(({ origin }) => origin.kind === "default")).toBe(true);
});

it("shows every setting, and every default as the default that counts", () => {
  const { config, problems, origins } = parseFile(
    uncommented((sampleToml().split("# Sensors;")[0] ?? "").replace(examples, "## $1")),
  );
  expect(config).toEqual(defaultConfig);
  expect(problems).toEqual([]);
  const fromFile = [...origins].filter(([, { origin }]) => origin.kind === "file");
  expect(fromFile).toHaveLength(allSettings.length - 4);
});

it("has examples that are valid", () => {
  const { config, problems } = parseFile(uncommented(sampleToml()));
  expect(problems).toEqual([]);
  expect(config.server.url).toBe("coaps://tb.example.com");
  expect(config.provisioning).toMatchObject({ key: "profile-key", secret: "profile-secret" });
  expect(config.sensors.map(({ type, key }) => [type, key])).toEqual([
    ["kernel", "tankTemperature"],
    ["gpio", "doorOpen"],
    ["exec", "upsCharge"],
    ["file", "waterLevel"],
  ]);
  expect(config.jobs).toEqual([{ schedule: "0 6 * * *", run: "sample" }]);
});

it("fits on a wide terminal", () => {
  const long = sampleToml()
    .split("\n")
    .filter((line) => line.length > 110);
  expect(long).toEqual([]);
});

it("wraps at spaces and leaves long words whole", () => {
  expect(wrap("aa bb cc dddddddd e", 5)).toEqual(["aa bb", "cc", "dddddddd", "e"]);
  expect(wrap("", 5)).toEqual([""]);
});
