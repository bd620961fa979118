import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectors, defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { AgentError } from "../../../agent/errors.ts";
import { createThrottleLatch } from "../../../agent/platform/throttle-latch.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";
import { expectPlausible } from "../../support/plausible.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** One file of a board that a collector reads for its readings, by the end of its path. */
const files: readonly (readonly [collector: string, board: "pi4" | "pi5" | "cm4", file: string])[] =
  [
    ["cpu", "pi4", "/proc/stat"],
    ["frequency", "pi4", "/scaling_cur_freq"],
    ["thermal", "pi4", "/thermal_zone0/type"],
    ["thermal", "pi4", "/thermal_zone0/temp"],
    ["load", "pi4", "/proc/loadavg"],
    ["memory", "pi4", "/proc/meminfo"],
    ["swap", "pi4", "/proc/meminfo"],
    ["pressure", "pi4", "/proc/pressure/cpu"],
    ["pressure", "pi4", "/proc/pressure/io"],
    ["disk", "pi4", "/proc/self/mounts"],
    ["root", "pi4", "/proc/self/mountinfo"],
    ["disk-io", "pi5", "/proc/diskstats"],
    ["sd", "cm4", "/mmcblk0/stat"],
    ["sd", "cm4", "/life_time"],
    ["sd", "cm4", "/pre_eol_info"],
    ["network", "pi4", "/proc/net/dev"],
    ["wifi", "pi4", "/proc/net/wireless"],
    ["uptime", "pi4", "/proc/uptime"],
    ["throttle", "pi4", "/in0_lcrit_alarm"],
    ["throttle", "pi4", "/get_throttled"],
    ["power", "pi5", "/in0_label"],
    ["power", "pi5", "/in0_input"],
    ["fan", "pi5", "/fan1_input"],
    ["rtc", "pi5", "/battery_voltage"],
    ["agent", "pi4", "/proc/self/status"],
    ["agent", "pi4", "/proc/self/io"],
  ];

/** A board on which one file holds what `content` makes of its real text. */
const boardWith = (
  board: "pi4" | "pi5" | "cm4",
  file: string,
  content: (text: string) => string,
): Host => {
  const host = fixtureHost(board);
  return {
    ...host,
    async readFile(path, limitBytes) {
      const text = await host.readFile(path, limitBytes);
      return path.endsWith(file) ? content(text) : text;
    },
  };
};

/** Two looks: what the first one leaves behind must not spoil the second. */
async function expectReadingsOrSensorError(name: string, host: Host): Promise<void> {
  const collector = collectors.find((candidate) => candidate.name === name);
  if (!collector) throw new Error(`no collector ${name}`);
  using throttle = createThrottleLatch({
    host,
    clock: virtualClock(),
    mayReadThrottled: () => true,
  });
  const collect = collector.open(host, defaultCollectorSettings, { ...noDevices, throttle });
  for (const atMs of [0, 300_000]) {
    try {
      const readings = await lookAt(collect, atMs);
      if (readings) expectPlausible(readings);
      for (const key of Object.keys(readings ?? {})) expect(collector.keys).toHaveProperty(key);
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      expect(error.kind).toBe("sensor");
    }
  }
}

/** Any bytes, as the host decodes them. */
const anyBytes = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => new TextDecoder("utf-8").decode(bytes));

/** Characters that such files are made of, so that some of it parses. */
const likely = fc.string({
  unit: fc.constantFrom(..."0123456789 .-+:\n\t\0xefanE/,kBsm".split("")),
  maxLength: 120,
});

/** The real text with a piece cut out and another put in. */
const cuts = fc.record({ from: fc.nat(600), length: fc.nat(60), text: fc.oneof(likely, anyBytes) });

describe.each(files)("%s on the %s: whatever %s holds", (collector, board, file) => {
  it("any bytes give readings or an error of a sensor", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyBytes, likely), (text) =>
        expectReadingsOrSensorError(
          collector,
          boardWith(board, file, () => text),
        ),
      ),
      { numRuns: 60 },
    );
  });

  it("so does a damaged text of the kernel", async () => {
    await fc.assert(
      fc.asyncProperty(cuts, ({ from, length, text }) =>
        expectReadingsOrSensorError(
          collector,
          boardWith(board, file, (real) => {
            const at = from % (real.length + 1);
            return real.slice(0, at) + text + real.slice(at + length);
          }),
        ),
      ),
      { numRuns: 60 },
    );
  });
});
