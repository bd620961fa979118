import { expect, it } from "vitest";
import { type Board, fingerprintOf, isSameBoard } from "../../../agent/device/board.ts";
import { deviceName } from "../../../agent/device/device-name.ts";

const pi: Board = {
  model: "Raspberry Pi 4 Model B Rev 1.5",
  serial: "10000000abcdef01",
  mac: "dc:a6:32:01:02:03",
  machineId: "0123456789abcdef0123456789abcdef",
  hostname: "raspberrypi",
};
const server: Board = { ...pi, model: null, serial: null, mac: null, hostname: "box" };
const bare: Board = { ...server, machineId: null, hostname: null };

it.each<[string, Board, string | undefined]>([
  ["the serial of the board before all", pi, "serial"],
  ["then a burnt-in address", { ...pi, serial: null }, "mac"],
  ["the machine id, which a cloned card copies, only then", server, "machine-id"],
  ["nothing where there is nothing", bare, undefined],
])("is bound to %s", (_, board, source) => {
  expect(fingerprintOf(board)?.source).toBe(source);
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
  ["auto", { ...server, machineId: null, mac: "00:16:3e:00:00:01" }, "box-00163e000001"],
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
    missing: ["{serial8}", "{mac}"],
    name: "box-01234567",
  });
});
