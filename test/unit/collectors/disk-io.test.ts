import { describe, expect, it } from "vitest";
import { diskIo, parseDiskTraffic } from "../../../agent/collectors/disk-io.ts";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const line = (name: string, read: number, written: number) =>
  `   8       0 ${name} 1 0 ${read} 5 2 0 ${written} 9 0 12 14\n`;
const open = (text: { now: string }) => {
  const host: Host = { ...fixtureHost("x64"), readFile: async () => text.now };
  return diskIo.open(host, defaultCollectorSettings, noDevices);
};

describe("the table of disks", () => {
  it.each(["mmcblk0", "mmcblk12", "nvme0n1", "sda", "sdaa", "vda"])("counts %s", (name) => {
    expect([...parseDiskTraffic(line(name, 2, 3)).entries()]).toEqual([
      [name, { read: 1024, written: 1536 }],
    ]);
  });

  it.each(["mmcblk0p1", "mmcblk0boot0", "nvme0n1p2", "sda1", "loop0", "ram0", "zram0", "dm-0"])(
    "leaves out %s",
    (name) => expect(parseDiskTraffic(line(name, 2, 3)).size).toBe(0),
  );

  it("takes the shorter lines of kernels before 4.18 and the longer ones of today", () => {
    const today = "254 0 vda 484713 38598 10 378809 709920 331173 20 584674 0 1 2 3 9 4 5 6";
    expect(parseDiskTraffic(today).get("vda")).toEqual({ read: 5_120, written: 10_240 });
  });

  it.each(["sda", "8 0 sda 1 2", "8 0 sda 1 0 -2 5 2 0 3 9", "8 0 sda 1 0 x 5 2 0 3 9", "nan"])(
    "refuses %j",
    (text) => {
      expect(() => parseDiskTraffic(text)).toThrow(
        expect.objectContaining({
          kind: "sensor",
          message: expect.stringContaining("/proc/diskstats"),
        }),
      );
    },
  );
});

describe("the rates", () => {
  it("are means in bytes: a sector is 512 bytes, whatever the disk's own is", async () => {
    const host = fixtureHost("rates-0", "rates-1");
    const collect = diskIo.open(host, defaultCollectorSettings, noDevices);
    expect(await lookAt(collect, 0)).toEqual({});
    host.next();
    // 1000 sectors read and 1000 written in 10 s
    expect(await lookAt(collect, 10_000)).toEqual({ diskReadBps: 51_200, diskWriteBps: 51_200 });
  });

  it("sum the disks; one that came, and one whose counter fell, give nothing for this beat", async () => {
    const text = { now: line("sda", 0, 0) + line("sdb", 100, 100) };
    const collect = open(text);
    await lookAt(collect, 0);
    text.now = line("sda", 10, 20) + line("sdb", 5, 120) + line("sdc", 9_000, 9_000);
    expect(await lookAt(collect, 1_000)).toEqual({ diskReadBps: 5_120, diskWriteBps: 20_480 });
  });

  it("do not remember a disk that was pulled out", async () => {
    const text = { now: line("sda", 100, 100) };
    const collect = open(text);
    await lookAt(collect, 0);
    text.now = "";
    expect(await lookAt(collect, 1_000)).toBeNull();
    text.now = line("sda", 200, 200);
    expect(await lookAt(collect, 2_000)).toEqual({});
  });

  it("start anew after a stall", async () => {
    const text = { now: line("sda", 0, 0) };
    const collect = open(text);
    await lookAt(collect, 0);
    await lookAt(collect, 1_000);
    text.now = line("sda", 1_000, 1_000);
    expect(await lookAt(collect, 60_000)).toEqual({});
  });
});
