import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Findings, inventoryOf } from "../../../agent/platform/inventory-facts.ts";
import { decodeInventory } from "../../../agent/platform/inventory-file.ts";

const nothing: Findings = { os: {}, system: {}, disks: [], blocks: [] };
const stamp = { bootId: "5f1d", agentVersion: "0.1.0" };
const file = (facts: unknown, overrides: object = {}) =>
  JSON.stringify({ version: 1, ...stamp, facts, ...overrides });

it("takes from a Raspberry Pi what it can tell", () => {
  expect(
    inventoryOf({
      os: { codename: "trixie", uefi: false },
      system: {
        manufacturer: "Raspberry Pi Foundation",
        version: "",
        virtual: false,
        raspberry: { revision: "c03115", processor: "BCM2711" },
      },
      disks: [
        {
          device: "/dev/mmcblk0",
          name: "SC32G",
          vendor: "SanDisk",
          type: "SD",
          interfaceType: "",
          firmwareRevision: "",
          size: 31_914_983_424,
        },
      ],
      blocks: [
        { name: "mmcblk0", type: "disk", mount: "", fsType: "", size: 31_914_983_424 },
        { name: "mmcblk0p2", type: "part", mount: "/", fsType: "ext4", size: 31_376_539_648 },
      ],
    }),
  ).toEqual({
    osCodename: "trixie",
    boardVendor: "Raspberry Pi Foundation",
    boardRevision: "c03115",
    boardProcessor: "BCM2711",
    diskModel: "SC32G",
    diskVendor: "SanDisk",
    diskType: "SD",
    diskSizeGb: 32,
    rootDevice: "mmcblk0p2",
    rootFileSystem: "ext4",
  });
});

it.each([
  "",
  " ",
  "-",
  "0",
  "unknown",
  "Default string",
  "Not Specified",
  "To Be Filled By O.E.M.",
  0,
  [],
  null,
  undefined,
  Number.NaN,
])("takes %j for unknown", (value) => {
  const os = { codename: value, uefi: value };
  const system = { manufacturer: value, version: value, virtual: value, raspberry: {} };
  const disks = [{ device: value, name: value, vendor: value, type: value, size: value }];
  const blocks = [{ name: value, type: value, mount: value, fsType: value, size: value }];
  expect(inventoryOf({ os, system, disks, blocks })).toEqual({});
});

it("describes the disk that holds the root, not memory and not a stick that came first", () => {
  const found = inventoryOf({
    ...nothing,
    disks: [
      { device: "/dev/zram0", name: "zram", size: 2e9 },
      { device: "/dev/sda", name: "Ultra Fit", size: 64e9 },
      { device: "/dev/nvme0n1", name: "WD SN740", size: 256_060_514_304 },
    ],
    blocks: [{ name: "nvme0n1p2", type: "part", mount: "/", fsType: "ext4", size: 1 }],
  });
  expect(found).toMatchObject({ diskModel: "WD SN740", diskSizeGb: 256, rootDevice: "nvme0n1p2" });
});

it("says of a virtual machine which kind it is", () => {
  expect(inventoryOf({ ...nothing, system: { virtual: true, virtualHost: "KVM" } })).toEqual({
    virtualMachine: "KVM",
  });
});

it("makes readings of whatever the library returns", () => {
  const value = fc.jsonValue();
  const record = fc.dictionary(
    fc.constantFrom("name", "type", "size", "mount", "device", "fsType", "virtual", "codename"),
    value,
  );
  const findings = fc.record({
    os: record,
    system: record,
    disks: fc.array(record),
    blocks: fc.array(record),
  });
  fc.assert(
    fc.property(findings, (found) => {
      for (const reading of Object.values(inventoryOf(found))) {
        expect(typeof reading === "string" ? reading.trim() : reading).toBeTruthy();
      }
    }),
  );
});

it("reads only what was made for this boot and this version", () => {
  const facts = { osCodename: "trixie", diskSizeGb: 32 };
  expect(decodeInventory(file(facts), stamp)).toEqual(facts);
  expect(decodeInventory(file(facts), { ...stamp, bootId: "another" })).toBeNull();
  expect(decodeInventory(file(facts), { ...stamp, agentVersion: "0.2.0" })).toBeNull();
  expect(decodeInventory(file(facts, { version: 2 }), stamp)).toBeNull();
});

it("an empty inventory is one: the child is not started again for it", () => {
  expect(decodeInventory(file({}), stamp)).toEqual({});
});

it("reads any text as facts or as none", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((facts) => file(facts)),
  );
  fc.assert(
    fc.property(text, (content) => {
      for (const value of Object.values(decodeInventory(content, stamp) ?? {})) {
        expect(["string", "number", "boolean"]).toContain(typeof value);
      }
    }),
  );
});

it("has a line in docs/attributes.md for each fact", () => {
  const everything = inventoryOf({
    os: { codename: "trixie", uefi: true },
    system: {
      manufacturer: "QEMU",
      version: "pc-q35-9.2",
      virtual: true,
      virtualHost: "KVM",
      raspberry: { revision: "c03115", processor: "BCM2711" },
    },
    disks: [
      {
        device: "/dev/sda",
        name: "SN740",
        vendor: "WD",
        type: "NVMe",
        interfaceType: "PCIe",
        firmwareRevision: "7311",
        size: 256e9,
      },
    ],
    blocks: [{ name: "sda2", type: "part", mount: "/", fsType: "ext4", size: 255e9 }],
  });
  const manual = readFileSync(join(import.meta.dirname, "../../../docs/attributes.md"), "utf8");
  const lines = [...(manual.split("## The inventory")[1]?.matchAll(/^\| `(\w+)` \|/gm) ?? [])];
  expect(Object.keys(everything)).toEqual(lines.map(([, name]) => name));
});
