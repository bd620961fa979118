import { describe, expect, it } from "vitest";
import { diskReadings, disks } from "../../../agent/collectors/disk.ts";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { isMounted } from "../../../agent/collectors/mounts.ts";
import type { Host } from "../../../agent/ports.ts";
import { fixtureDisk } from "../../fixtures/disk.ts";
import { failingAt, fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const stats = {
  blockBytes: 4_096,
  blocks: 1_000_000,
  freeBlocks: 300_000,
  availableBlocks: 250_000,
  files: 200,
  freeFiles: 150,
};
const keysOf = (...paths: readonly string[]) =>
  disks(paths).flatMap(({ keys }) => Object.keys(keys));

describe("the readings", () => {
  it("are those of df: the reserve of root counts as not there", () => {
    expect(diskReadings("/", stats)).toEqual({
      diskUsage: (100 * 700_000) / 950_000,
      diskFreeGb: 1.024,
      inodeUsage: 25,
    });
  });

  it("leave inodes out where the file system does not count them", () => {
    expect(diskReadings("/", { ...stats, files: 0, freeFiles: 0 })).not.toHaveProperty(
      "inodeUsage",
    );
  });

  it.each([
    { ...stats, blocks: 0, freeBlocks: 0, availableBlocks: 0 },
    { ...stats, freeBlocks: 2_000_000 },
    { ...stats, blocks: Number.NaN },
  ])("refuse what is no disk: %j", (broken) => {
    expect(() => diskReadings("/proc", broken)).toThrow(
      expect.objectContaining({
        kind: "sensor",
        message: expect.stringContaining("/proc: not a disk"),
      }),
    );
  });
});

describe("the keys", () => {
  it("are plain for / and carry the name of any other mount point", () => {
    expect(keysOf("/", "/mnt/usb")).toEqual([
      "diskUsage",
      "diskFreeGb",
      "inodeUsage",
      "usbDiskUsage",
      "usbDiskFreeGb",
      "usbInodeUsage",
    ]);
  });

  it.each([
    ["/media/pi/USB DISK", "usbDiskDiskUsage"],
    ["/srv/data/", "dataDiskUsage"],
    ["/mnt/2tb", "mount2tbDiskUsage"],
    ["/mnt/größe", "grEDiskUsage"],
    ["/mnt/---", "mountDiskUsage"],
  ])("of %j begin with %j", (path, key) => expect(keysOf(path)[0]).toBe(key));

  it("stay apart when two mount points have one name, and are not doubled by one path given twice", () => {
    const paths = ["/mnt/a/data", "/srv/data", "/srv/data/"];
    expect(disks(paths).map(({ name }) => name)).toEqual(["dataDisk", "data2Disk"]);
  });

  it("are keys that ThingsBoard takes, however long the path", () => {
    for (const key of keysOf(`/mnt/${"x".repeat(200)}`))
      expect(key).toMatch(/^[a-z][A-Za-z0-9]{0,63}$/);
  });
});

describe("the collectors", () => {
  const open = (path: string, host: Host = fixtureHost("pi4")) => {
    const [collector] = disks([path]);
    if (!collector) throw new Error("no collector");
    return collector.open(host, defaultCollectorSettings, noDevices);
  };

  it("read a second file system under its own keys", async () => {
    const { diskUsage, diskFreeGb, inodeUsage } = diskReadings("/", fixtureDisk);
    expect(await lookAt(open("/media/pi/USB DISK"), 0)).toEqual({
      usbDiskDiskUsage: diskUsage,
      usbDiskDiskFreeGb: diskFreeGb,
      usbDiskInodeUsage: inodeUsage,
    });
  });

  it("do not take the figures of / for those of a stick that was pulled out", async () => {
    await expect(lookAt(open("/mnt/backup"), 0)).rejects.toMatchObject({
      kind: "sensor",
      message: "/mnt/backup: nothing is mounted here",
      hint: expect.stringContaining("disk_paths"),
    });
  });

  it("have no value where the path does not exist", async () => {
    const host = failingAt(fixtureHost("pi4"), "/mnt/usb", "ENOENT");
    expect(await lookAt(open("/mnt/usb", host), 0)).toBeNull();
  });
});

it("a mount point with a space is found behind its octal escape", () => {
  const text = "/dev/sda1 /media/pi/USB\\040DISK vfat rw 0 0\n/dev/sdb1 /mnt/a\\134b ext4 rw 0 0\n";
  expect(isMounted(text, "/media/pi/USB DISK")).toBe(true);
  expect(isMounted(text, "/mnt/a\\b")).toBe(true);
  expect(isMounted(text, "/media/pi")).toBe(false);
});
