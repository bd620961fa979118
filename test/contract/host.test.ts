import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createHost } from "../../agent/platform/host.ts";
import type { Awaitable, Host } from "../../agent/ports.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { fixtureRoot } from "../support/fixtures.ts";
import { memoryHost } from "../support/memory-host.ts";

const pi4 = fixtureRoot("pi4");
const faulty = fixtureRoot("faulty");

/** The same trees seen from inside as "/", and from outside by their real paths. */
const views: readonly {
  name: string;
  host: (root: string) => Host;
  at: (root: string) => string;
}[] = [
  { name: "below a system root", host: (root) => createHost({ root }), at: () => "" },
  { name: "of the machine itself", host: () => createHost({ root: "/" }), at: (root) => root },
  {
    name: "in memory",
    host: (root) => memoryHost(root === pi4 ? fixtures.pi4 : fixtures.faulty),
    at: () => "",
  },
];

describe.each(views)("a host $name", ({ host, at }) => {
  const board = host(pi4);
  const broken = host(faulty);
  const zone = "/sys/class/thermal/thermal_zone0";

  it("reads a file through the kernel's links as it stands, newline and all", async () => {
    expect(await board.readFile(`${at(pi4)}${zone}/temp`)).toBe("48199\n");
    expect(await board.readFile(`${at(pi4)}/sys/class/hwmon/hwmon2/device/hwmon/hwmon2/name`)).toBe(
      "ina219\n",
    );
  });

  it("reads no more than the limit", async () => {
    expect(await board.readFile(`${at(pi4)}/proc/loadavg`, 4)).toBe("0.52");
    expect(await board.readFile(`${at(pi4)}/etc/machine-id`, 4)).toBe("0f3b");
  });

  it("stops at 16 KiB unless asked for more", async () => {
    const path = `${at(faulty)}/proc/net/dev`;
    expect(await broken.readFile(path)).toHaveLength(16_384);
    expect(await broken.readFile(path, 40_000)).toHaveLength(40_000);
    expect((await broken.readFile(path, 1_000_000)).endsWith("x".repeat(70_000))).toBe(true);
  });

  it("fails with the system's error code", async () => {
    const codeOf = (read: () => Awaitable<unknown>) => expect((async () => read())()).rejects;
    await codeOf(() => board.readFile(`${at(pi4)}/proc/nothing`)).toMatchObject({ code: "ENOENT" });
    await codeOf(() => board.readFile(`${at(pi4)}/etc/nothing`)).toMatchObject({ code: "ENOENT" });
    await codeOf(() => broken.readFile(`${at(faulty)}/proc/stat`)).toMatchObject({
      code: "EISDIR",
    });
    await codeOf(() => broken.readFile(`${at(faulty)}/etc/dangling`)).toMatchObject({
      code: "ENOENT",
    });
    await codeOf(() => broken.readFile(`${at(faulty)}/etc/loop`)).toMatchObject({ code: "ELOOP" });
    await codeOf(() => board.readFile(`${at(pi4)}/etc/hostname/x`)).toMatchObject({
      code: "ENOTDIR",
    });
    await codeOf(() => board.readDir(`${at(pi4)}/sys/nothing`)).toMatchObject({ code: "ENOENT" });
    await codeOf(() => board.realPath(`${at(pi4)}/sys/nothing`)).toMatchObject({ code: "ENOENT" });
    await codeOf(() => board.statfs(`${at(pi4)}/mnt/nothing`)).toMatchObject({ code: "ENOENT" });
  });

  it("does not wait for a writer of a FIFO", async () => {
    expect(await broken.readFile(`${at(faulty)}/run/fifo`)).toBe("");
  });

  it("lists a folder in order", async () => {
    expect(await board.readDir(`${at(pi4)}/sys/class/net`)).toEqual([
      "docker0",
      "eth0",
      "lo",
      "wlan0",
    ]);
  });

  it("finds the bus address in the real path", async () => {
    const real = await board.realPath(`${at(pi4)}/sys/bus/iio/devices/iio:device0`);
    expect(real).toBe(`${at(pi4)}/sys/devices/platform/soc/fe804000.i2c/i2c-1/1-0076/iio:device0`);
  });

  it("keeps concurrent reads apart", async () => {
    const paths = ["/proc/loadavg", "/proc/uptime", "/etc/hostname", `${zone}/type`];
    const texts = await Promise.all(paths.map((path) => board.readFile(at(pi4) + path)));
    expect(texts).toEqual([
      "0.52 0.58 0.59 1/212 4213\n",
      "86357.36 338120.44\n",
      "raspberrypi\n",
      "cpu-thermal\n",
    ]);
  });

  it("measures a file system in blocks", async () => {
    const stats = await board.statfs(`${at(pi4)}/etc`);
    expect(stats.blockBytes).toBeGreaterThan(0);
    expect(stats.blocks).toBeGreaterThanOrEqual(stats.freeBlocks);
    expect(stats.freeBlocks).toBeGreaterThanOrEqual(stats.availableBlocks);
  });
});

describe("below a system root", () => {
  const outside = mkdtempSync(join(tmpdir(), "pipit-outside-"));
  afterAll(() => rmSync(outside, { recursive: true }));

  it("an absolute link starts at that root: /proc/device-tree", async () => {
    const host = createHost({ root: pi4 });
    expect(await host.readFile("/proc/device-tree/model")).toBe("Raspberry Pi 4 Model B Rev 1.5\0");
    expect(await host.realPath("/proc/device-tree")).toBe("/sys/firmware/devicetree/base");
  });

  it("no link and no path leads outside", async () => {
    const host = createHost({ root: faulty });
    expect(await host.readFile("/etc/escape")).toBe("inside\n");
    expect(await host.readFile("/../../../../../../etc/machine-id")).toBe("inside\n");
    writeFileSync(join(outside, "secret"), "outside\n");
    symlinkSync(join(outside, "secret"), join(faulty, "etc/absolute"));
    await expect(host.readFile("/etc/absolute")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("a root with a slash at the end is the same root", async () => {
    expect(await createHost({ root: `${pi4}/` }).realPath("/proc/net")).toBe("/proc/1423/net");
  });
});

describe("of the machine itself", () => {
  const host = createHost({ root: "/" });

  it("reads files whose size the kernel gives as 0", async () => {
    expect(await host.readFile("/proc/uptime")).toMatch(/^\d+\.\d+ \d+\.\d+\n$/);
  });

  it("reads a file of many pages whole", async () => {
    const text = await host.readFile("/proc/self/smaps", 4_000_000);
    expect(text.length).toBeGreaterThan(16_384);
    expect(text).toMatch(/VmFlags: [a-z ]+\n$/);
  });

  it("passes EIO on", async () => {
    // Address 0 is never mapped, so reading there is the driver's I/O error made easy.
    await expect((async () => host.readFile("/proc/self/mem"))()).rejects.toMatchObject({
      code: "EIO",
    });
  });

  it("knows the size of the root file system", async () => {
    expect((await host.statfs("/")).blocks).toBeGreaterThan(0);
  });
});
