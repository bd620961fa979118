import { expect, it } from "vitest";
import { type Board, fingerprintOf, isSameBoard, readBoard } from "../../../agent/device/board.ts";
import { deviceName } from "../../../agent/device/device-name.ts";

const pi: Board = {
  model: "Raspberry Pi 4 Model B Rev 1.5",
  serial: "10000000abcdef01",
  macs: ["dc:a6:32:01:02:03", "dc:a6:32:01:02:04"],
  machineId: "0123456789abcdef0123456789abcdef",
  hostname: "raspberrypi",
};
const server: Board = { ...pi, model: null, serial: null, macs: [], hostname: "box" };
const bare: Board = { ...server, machineId: null, hostname: null };

it.each<[string, Board, string | undefined]>([
  ["the serial of the board before all", pi, "serial"],
  ["then a burnt-in address", { ...pi, serial: null }, "mac"],
  ["the machine id, which a cloned card copies, only then", server, "machine-id"],
  ["nothing where there is nothing", bare, undefined],
])("is bound to %s", (_, board, source) => {
  expect(fingerprintOf(board)?.source).toBe(source);
});

it("stays the same board when a network card is plugged in or pulled out", () => {
  const stored = { source: "mac", value: "dc:a6:32:01:02:03" } as const;
  expect(isSameBoard(stored, { ...pi, macs: ["00:e0:4c:00:00:01", "dc:a6:32:01:02:03"] })).toBe(
    true,
  );
  expect(isSameBoard(stored, { ...pi, macs: ["00:e0:4c:00:00:01"] })).toBe(false);
  expect(isSameBoard(stored, { ...pi, macs: [] })).toBe(true);
});

it("reads the burnt-in addresses, the wired ones first", async () => {
  const files: Record<string, string> = {
    "/sys/class/net/eth0/addr_assign_type": "0\n",
    "/sys/class/net/eth0/address": "dc:a6:32:00:00:01\n",
    "/sys/class/net/docker0/addr_assign_type": "3\n",
    "/sys/class/net/docker0/address": "02:42:00:00:00:01\n",
    "/sys/class/net/a-wlan/addr_assign_type": "0\n",
    "/sys/class/net/a-wlan/address": "dc:a6:32:00:00:02\n",
    "/sys/class/net/lo/addr_assign_type": "0\n",
    "/sys/class/net/lo/address": "00:00:00:00:00:00\n",
    "/proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
  };
  const folders: Record<string, string[]> = {
    "/sys/class/net": ["a-wlan", "docker0", "eth0", "lo"],
    "/sys/class/net/a-wlan": ["address", "wireless"],
  };
  const missing = () => Promise.reject(Object.assign(new Error("ENOENT"), { code: "ENOENT" }));
  const board = await readBoard({
    readFile: async (path) => files[path] ?? missing(),
    readDir: async (path) => folders[path] ?? missing(),
    realPath: missing,
    statfs: missing,
  });
  expect(board).toEqual({
    model: "Raspberry Pi 5 Model B Rev 1.0",
    serial: null,
    macs: ["dc:a6:32:00:00:01", "dc:a6:32:00:00:02"],
    machineId: null,
    hostname: null,
  });
});

it("compares only with the same source, and takes an unreadable one for unchanged", () => {
  const stored = { source: "serial", value: "10000000abcdef01" } as const;
  expect(isSameBoard(stored, pi)).toBe(true);
  expect(isSameBoard(stored, { ...pi, serial: "other" })).toBe(false);
  expect(isSameBoard(stored, { ...pi, serial: null })).toBe(true);
  expect(isSameBoard(null, pi)).toBe(true);
});

it.each<[string, Board, string | null]>([
  ["auto", pi, "rpi-abcdef01"],
  ["auto", server, "box-01234567"],
  ["auto", { ...server, machineId: null, macs: ["00:16:3e:00:00:01"] }, "box-00163e000001"],
  ["auto", bare, "pipit"],
  ["", pi, null],
  ["  ", pi, null],
  ["greenhouse", pi, "greenhouse"],
  ["{hostname}/{serial8}", pi, "raspberrypi/abcdef01"],
  ["{model}", pi, "Raspberry Pi 4 Model B Rev 1.5"],
  ["x-{mac}", pi, "x-dca632010203"],
  ["{machine8}", server, "01234567"],
])("template %j on this board makes %j", (template, board, name) => {
  expect(deviceName(template, board)).toEqual({ ok: true, name });
});

it("says what the board lacks, and falls back to the automatic name", () => {
  expect(deviceName("pump-{serial8}-{mac}", server)).toEqual({
    ok: false,
    problem: "this board does not show {serial8} {mac}",
    name: "box-01234567",
  });
  expect(deviceName("x".repeat(256), server)).toMatchObject({ ok: false, name: "box-01234567" });
});
