import { expect, it } from "vitest";
import { defaultCollectorSettings } from "../../../agent/collectors/index.ts";
import { parseRoot, root } from "../../../agent/collectors/root.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { lookAt, noDevices } from "../../support/look.ts";

const mount = (own: string, fileSystem: string, at = "/") =>
  `43 42 179:2 / ${at} ${own},noatime shared:1 - ext4 /dev/mmcblk0p2 ${fileSystem},errors=remount-ro`;

it("tells what the kernel made of the file system, not what systemd made of the mount", () => {
  expect(parseRoot(mount("ro", "rw"))).toEqual({ rootReadOnly: false });
  expect(parseRoot(mount("rw", "rw"))).toEqual({ rootReadOnly: false });
  expect(parseRoot(mount("ro", "ro"))).toEqual({ rootReadOnly: true });
});

it("tells of what lies on top, and of / alone", () => {
  const text = [mount("rw", "ro"), mount("rw", "rw"), mount("rw", "ro", "/mnt")].join("\n");
  expect(parseRoot(text)).toEqual({ rootReadOnly: false });
});

it("understands a line without propagation, and a root without a device", () => {
  expect(parseRoot("21 1 0:18 / / rw - overlay  rw,lowerdir=/lower")).toEqual({
    rootReadOnly: false,
  });
});

it("is false for the healthy card of a board whose agent is in its sandbox", async () => {
  const collect = root.open(fixtureHost("pi4"), defaultCollectorSettings, noDevices);
  expect(await lookAt(collect, 0)).toEqual({ rootReadOnly: false });
});

it.each(["", "43 42 179:2 / / rw", mount("rw", "maybe"), mount("rw", "rw", "/mnt"), "nan"])(
  "refuses %j",
  (text) => {
    expect(() => parseRoot(text)).toThrow(
      expect.objectContaining({
        kind: "sensor",
        message: expect.stringContaining("/proc/self/mountinfo"),
      }),
    );
  },
);
