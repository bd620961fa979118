import { describe, expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import {
  parseBytesWritten,
  parseLifeTime,
  parseReserve,
  sd,
} from "../../../agent/collectors/sd.ts";
import type { Host } from "../../../agent/ports.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const wearOf = (host: Host) => lookAt(sd.open(host, defaultCollectorSettings, noDevices), 0);
const DEVICE = "/sys/block/mmcblk0/device";

describe("the wear", () => {
  it("of a card is what was written to it: cards tell nothing else", async () => {
    expect(await wearOf(fixtureHost("pi4"))).toEqual({ sdWrittenGb: (3_211_480 * 512) / 1e9 });
  });

  it("of eMMC is the worse of its two kinds of cell", async () => {
    expect(await wearOf(fixtureHost("cm4"))).toEqual({
      sdLifeUsed: 20,
      sdWrittenGb: (93_211_480 * 512) / 1e9,
    });
  });

  it("is none on a machine without either", async () => {
    expect(await wearOf(fixtureHost("x64"))).toBeNull();
  });

  it("that cannot be read is an error", async () => {
    const host = failingAt(fixtureHost("cm4"), `${DEVICE}/life_time`, "EIO");
    await expect(wearOf(host)).rejects.toMatchObject({
      kind: "sensor",
      message: `${DEVICE}/life_time: EIO`,
    });
  });
});

describe("the life of eMMC", () => {
  it.each([
    ["0x00 0x00", null],
    ["0x01 0x01", 10],
    ["0x0a 0x00", 100],
    ["0x01 0x0B", 110],
  ])("%j is %j", (text, percent) => expect(parseLifeTime("/l", text)).toBe(percent));

  it.each(["", "0x01", "1 1", "0x0c 0x01", "0x01 0xff", "0x01 0x01 0x01", "nan nan"])(
    "refuses %j",
    (text) => {
      expect(() => parseLifeTime("/l", text)).toThrow(expect.objectContaining({ kind: "sensor" }));
    },
  );
});

describe("the reserve of eMMC", () => {
  it.each([
    ["0x00", null],
    ["0x01", null],
    ["0x02", 80],
    ["0x03", 90],
  ])("%j is %j", (text, percent) => expect(parseReserve("/p", text)).toBe(percent));

  it.each(["", "1", "0x04", "0x", "warning"])("refuses %j", (text) => {
    expect(() => parseReserve("/p", text)).toThrow(expect.objectContaining({ kind: "sensor" }));
  });
});

it.each(["", "1 2 3", "1 2 3 4 5 6 -7 8", "1 2 3 4 5 6 x"])("counters are not %j", (text) => {
  expect(() => parseBytesWritten("/s", text)).toThrow(expect.objectContaining({ kind: "sensor" }));
});
