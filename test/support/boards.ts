import type { Board } from "../../agent/device/board.ts";

/** One that has nothing but a serial number to tell it by. */
export const board: Board = {
  model: null,
  serial: "00000000abcdef01",
  macs: [],
  machineId: null,
  hostname: "pi",
};
