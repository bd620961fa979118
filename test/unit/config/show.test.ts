import { expect, it } from "vitest";
import { allSettings } from "../../../agent/config/config.ts";
import { parseConfig } from "../../../agent/config/parse-config.ts";
import { settingsTable, showSetting } from "../../../agent/config/show.ts";
import { configFile, knownNames } from "../../support/config-input.ts";

const shown = (name: string, ...texts: readonly string[]) => {
  const files = texts.map((text, index) => configFile(text, `/etc/pipit/${index}.toml`));
  const parsed = parseConfig({ files }, knownNames);
  return allSettings
    .filter(({ fullName }) => fullName === name)
    .map((setting) => showSetting(setting, parsed, "/etc/pipit"));
};

it("shows an empty name as a value, and an absent server as none", () => {
  expect(shown("provisioning.device_name", 'provisioning.device_name = ""')).toMatchObject([
    { value: '""', json: "", source: "0.toml:1" },
  ]);
  expect(shown("server.url")).toMatchObject([
    { value: "(not set)", json: null, source: "default" },
  ]);
});

it("prints nothing that a terminal obeys or that was pasted along with a URL", () => {
  expect(shown("provisioning.device_name", 'provisioning.device_name = "a\u202eb"')).toMatchObject([
    { value: "a\uFFFDb" },
  ]);
  const urls = ['server.url = "coap://user:pa55@a/api/v1/T0KEN"', 'server.url = "coap://a"'];
  expect(shown("server.url", ...urls)).toMatchObject([
    { value: "coap://a", overrides: [{ value: "coap://…@a/…", source: "0.toml:1" }] },
  ]);
});

it("says which source is wrong where the default stands in", () => {
  expect(shown("log.level", 'log.level = "error"', "log.level = 1")).toMatchObject([
    {
      value: "info",
      source: "default, 1.toml:1 is wrong",
      overrides: [{ value: "error", source: "0.toml:1" }],
    },
  ]);
});

it("lets a long value move no other column", () => {
  const row = { name: "a", value: "x".repeat(80), source: "s", overrides: [], json: "" };
  const [first, second] = settingsTable([row, { ...row, value: "y" }]).split("\n");
  expect(first).toBe(`a  ${"x".repeat(80)}  s`);
  expect(second).toBe(`a  ${"y".padEnd(48)}  s`);
});
