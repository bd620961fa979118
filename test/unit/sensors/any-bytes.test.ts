import fc from "fast-check";
import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import type { Host } from "../../../agent/ports.ts";
import type { Channel } from "../../../agent/sensors/channel.ts";
import { fixtures } from "../../fixtures/make-fixtures.ts";
import { faultySensors } from "../../fixtures/sensor-boards.ts";
import { channelsOf, reading, treeHost, withFiles } from "./rig.ts";

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  temperature: [-100, 400],
  humidity: [0, 100],
  pressure: [1, 20_000],
};

/** Numbers, nearly numbers, and anything at all. */
const text = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => `${value}\n`),
  fc.double().map(String),
  fc.constantFrom("", "\n", "85000\n", "127937\n", "1e400", "0x10", "nan", "12abc"),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => new TextDecoder().decode(bytes)),
);

const holds = async (channel: Channel) => {
  const [lowest, highest] = RANGES[channel.quantity] ?? [-1e12, 1e12];
  try {
    const value = await reading(channel);
    expect(Number.isFinite(value) && value >= lowest && value <= highest).toBe(true);
  } catch (error) {
    if (!(error instanceof AgentError) || error.kind !== "sensor") throw error;
  }
};

it.each([
  ["pi4", fixtures.pi4],
  ["faulty", faultySensors],
] as const)(
  "whatever the files of the %s say is a value in its range or a sensor's error",
  async (_, tree) => {
    const host = treeHost(tree);
    let given = "";
    const saying: Host = {
      ...withFiles(host, {}),
      // names and labels answer as they are, so that the channels are there
      readFile: async (path, limit) =>
        /(_input|_raw|_scale|_offset|temperature|w1_slave)$/.test(path)
          ? given
          : host.readFile(path, limit),
    };
    const channels = await channelsOf(saying);
    expect(channels.length).toBeGreaterThan(7);
    await fc.assert(
      fc.asyncProperty(text, async (bytes) => {
        given = bytes;
        await Promise.all(channels.map(holds));
      }),
      { numRuns: 300 },
    );
  },
);

it("whatever names and labels say, ids and keys are well formed and differ", async () => {
  const host = treeHost(fixtures.pi5);
  await fc.assert(
    fc.asyncProperty(text, async (bytes) => {
      const naming: Host = {
        ...withFiles(host, {}),
        readFile: async (path, limit) =>
          /(name|_label)$/.test(path) ? bytes : host.readFile(path, limit),
      };
      const channels = await channelsOf(naming);
      const keys = channels.map(({ key }) => key);
      expect(new Set(keys).size).toBe(channels.length);
      for (const { id, key } of channels) {
        expect(id).toMatch(/^[\w.:@-]+@[\w.:@-]+\/[\w.:@-]+$/);
        expect(key).toMatch(/^[a-z][A-Za-z0-9]{0,63}$/);
      }
    }),
    { numRuns: 50 },
  );
});
