import { expect, it } from "vitest";
import { defaultConfig } from "../../../agent/config/config.ts";
import { parseConfig } from "../../../agent/config/parse-config.ts";
import { safeConfig, stampOf } from "../../../agent/device/safe-mode.ts";

const toml = `[server]
url = "coap://tb.example.com"
[provisioning]
key = "k"
secret = "s"
[telemetry]
interval = "1s"
[system]
metrics = ["cpu"]
[outbox]
max_size = "500MB"
[clock]
trust = "always"
[log]
level = "debug"
[[sensors]]
type = "exec"
key = "broken"
command = ["/bin/false"]
`;
const file = { path: "pipit.toml", mode: 0o640, bytes: new TextEncoder().encode(toml) };
const known = { metricNames: ["cpu"], schedule: () => null, sentKeys: () => new Set<string>() };

it("keeps what it takes to reach the server and to keep what waits, and nothing else", () => {
  const { config, problems } = parseConfig({ files: [file], environment: {} }, known);
  expect(problems).toEqual([]);
  const safe = safeConfig(config);
  const { server, provisioning, outbox, clock } = config;
  expect(safe).toMatchObject({ server, provisioning, outbox, clock });
  expect(safe.sensors).toEqual([]);
  expect(safe.jobs).toEqual([]);
  expect(safe.telemetry).toEqual(defaultConfig.telemetry);
  expect(safe.system.metrics).not.toContain("sensors");
  expect(safe.system.metrics).toEqual(expect.arrayContaining(["cpu", "memory", "agent"]));
  expect(safe.log.level).toBe("info");
});

it("the stamp tells versions and settings apart", () => {
  const other = { ...defaultConfig, log: { level: "debug" as const } };
  const stamps = [
    stampOf(defaultConfig, "1.0.0"),
    stampOf(defaultConfig, "1.0.1"),
    stampOf(other, "1.0.0"),
  ];
  expect(new Set(stamps).size).toBe(3);
});
