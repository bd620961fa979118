import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collectors } from "../../../agent/collectors/index.ts";
import { telemetryManual } from "../../../agent/collectors/manual.ts";

it("docs/telemetry.md is what the collectors declare; otherwise: npm run generate", () => {
  const manual = readFileSync(join(import.meta.dirname, "../../../docs/telemetry.md"), "utf8");
  expect(manual).toBe(telemetryManual(collectors));
});

it("the manual names every key with its unit, meaning, source, type and the metric that turns it on", () => {
  const manual = telemetryManual(collectors);
  expect(manual).toContain(
    '| `cpuTemperature` | °C | temperature of the processor | `/sys/class/thermal/thermal_zone*/temp` | DOUBLE | `"cpu"` |',
  );
  expect(manual).toContain(
    '| `uptime` | s | time since boot | `/proc/uptime` | LONG | `"uptime"` |',
  );
  expect(manual).toMatch(/^\| `load15` \| – \|.* \| DOUBLE \| `"load15"` \|/m);
  expect(manual).toMatch(/^\| `piThrottled` \|.* \| BOOLEAN \| `"pi"` \|/m);
  expect(manual).toMatch(/^\| `diskUsage` \|.* \| statfs \/ \|/m);
  for (const key of collectors.flatMap(({ keys }) => Object.keys(keys)))
    expect(manual).toContain(`| \`${key}\` |`);
});

it("each collector is explained in the file of its name", () => {
  for (const { name } of collectors)
    expect(existsSync(join(import.meta.dirname, `../../../agent/collectors/${name}.ts`))).toBe(
      true,
    );
});
