import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { about, addressesOf, timezoneBelow } from "../../../agent/platform/about.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function rootWith({ localtime, timezone }: { localtime?: string; timezone?: string }): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "etc"));
  if (localtime !== undefined) symlinkSync(localtime, join(root, "etc/localtime"));
  if (timezone !== undefined) writeFileSync(join(root, "etc/timezone"), timezone);
  return root;
}

it.each<[string, { localtime?: string; timezone?: string }, string]>([
  ["the link", { localtime: "/usr/share/zoneinfo/Europe/Berlin" }, "Europe/Berlin"],
  [
    "a relative link",
    { localtime: "../usr/share/zoneinfo/America/Argentina/Ushuaia", timezone: "Etc/UTC\n" },
    "America/Argentina/Ushuaia",
  ],
  ["the link of another tree", { localtime: "/usr/share/zoneinfo/posix/Asia/Tokyo" }, "Asia/Tokyo"],
  [
    "the file, where the link is none of zoneinfo",
    { localtime: "x", timezone: "Asia/Tokyo\n" },
    "Asia/Tokyo",
  ],
  ["UTC, as the system does, without either", {}, "Etc/UTC"],
  ["UTC for an empty file", { timezone: "\n" }, "Etc/UTC"],
])("takes the time zone from %s", (_, files, zone) => {
  expect(timezoneBelow(rootWith(files))).toBe(zone);
});

it("lists the addresses of the machine without loopback and zones", () => {
  const base = { netmask: "", cidr: null, internal: false, mac: "dc:a6:32:00:00:01" };
  expect(
    addressesOf({
      lo: [{ ...base, address: "127.0.0.1", family: "IPv4", internal: true }],
      eth0: [
        { ...base, address: "10.0.0.2", family: "IPv4" },
        { ...base, address: "fe80::1%eth0", family: "IPv6", scopeid: 2 },
      ],
      down0: undefined,
    }),
  ).toEqual([
    { name: "eth0", address: "10.0.0.2", mac: base.mac },
    { name: "eth0", address: "fe80::1", mac: base.mac },
  ]);
});

it("names the architecture as Debian does, and no address below another root", () => {
  const here = about({ version: "0.1.0", sysroot: rootWith({}) });
  const debian: Record<string, string> = { x64: "amd64", arm64: "arm64" };
  expect(here.architecture).toBe(debian[process.arch]);
  expect(here.addresses()).toEqual([]);
  for (const { address } of about({ version: "0.1.0", sysroot: "/" }).addresses()) {
    expect(address).not.toMatch(/^127\.|^::1$|%/);
  }
});
