import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collectors } from "../../../agent/collectors/index.ts";
import { telemetryManual } from "../../../agent/collectors/manual.ts";

it("docs/telemetry.md is what the collectors declare; otherwise: npm run generate", () => {
  const manual = readFileSync(join(import.meta.dirname, "../../../docs/telemetry.md"), "utf8");
  expect(manual).toBe(telemetryManual(collectors));
});

it("the manual names every key with its unit, its type and the metric that turns it on", () => {
  const manual = telemetryManual(collectors);
  expect(manual).toContain('| `cpuTemperature` | °C | DOUBLE | `"cpu"` |');
  expect(manual).toContain('| `uptime` | s | LONG | `"uptime"` |');
  expect(manual).toContain('| `load15` | – | DOUBLE | `"load15"` |');
  for (const key of collectors.flatMap(({ keys }) => Object.keys(keys)))
    expect(manual).toContain(`| \`${key}\` |`);
});
