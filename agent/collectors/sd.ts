import type { Host } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { counts, unexpected } from "./parse.ts";
import { orAbsent, readOptional } from "./read.ts";

const BLOCKS = "/sys/block";

const SECTOR_BYTES = 512;

/** JEDEC JESD84-B51: each step of life_time is 10 %, 0x0b is "beyond the estimated life", 0x00 is "not defined". */
const LIFE_STEP_PERCENT = 10;
const LAST_LIFE_STEP = 0x0b;

/** pre_eol_info: the reserved blocks used so far, in per cent; 0x01 is "normal", 0x00 "not defined". */
const RESERVE_USED_PERCENT = [0, 0, 80, 90];

/**
 * Wear of SD cards and eMMC. Only eMMC tells its own, in the worst case of two kinds of cell and in steps of 10 %:
 * `device/life_time` "0x01 0x02\n" is 20 %. A card tells nothing, so what was written to it is counted: field 7 of `stat`
 * in sectors of 512 bytes since boot.
 */
export const sd: Collector = {
  name: "sd",
  metric: "sd",
  keys: {
    sdLifeUsed: {
      unit: "%",
      meaning: "life of the eMMC used up, in steps of 10; over 100 is beyond its estimate",
      source: `${BLOCKS}/mmcblk*/device/{life_time,pre_eol_info}`,
    },
    sdWrittenGb: {
      unit: "GB",
      meaning: "written to SD cards and eMMC since boot",
      source: `${BLOCKS}/mmcblk*/stat`,
    },
  },
  open: (host) => async () => {
    const names = (await orAbsent(BLOCKS, () => host.readDir(BLOCKS))) ?? [];
    const lives: number[] = [];
    const written: number[] = [];
    for (const name of names.filter((candidate) => /^mmcblk\d+$/.test(candidate))) {
      const disk = `${BLOCKS}/${name}`;
      const bytes = await bytesWritten(host, `${disk}/stat`);
      if (bytes !== null) written.push(bytes);
      lives.push(...(await lifeUsed(host, `${disk}/device`)));
    }
    if (written.length === 0 && lives.length === 0) return null;
    return {
      ...(lives.length === 0 ? {} : { sdLifeUsed: Math.max(...lives) }),
      ...(written.length === 0 ? {} : { sdWrittenGb: written.reduce((a, b) => a + b, 0) / 1e9 }),
    };
  },
};

async function bytesWritten(host: Host, path: string): Promise<number | null> {
  const text = await readOptional(host, path);
  return text === null ? null : parseBytesWritten(path, text);
}

/** Nothing where the card has no such register, or defines none of it. */
async function lifeUsed(host: Host, device: string): Promise<readonly number[]> {
  const life = await readOptional(host, `${device}/life_time`);
  const reserve = await readOptional(host, `${device}/pre_eol_info`);
  return [
    life === null ? null : parseLifeTime(`${device}/life_time`, life),
    reserve === null ? null : parseReserve(`${device}/pre_eol_info`, reserve),
  ].filter((percent) => percent !== null);
}

/** @throws AgentError `sensor` */
export function parseBytesWritten(path: string, text: string): number {
  const sectors = counts(text.trim().split(/ +/))?.[6];
  if (sectors === undefined) throw unexpected(path, "a disk's counters", text);
  return sectors * SECTOR_BYTES;
}

/** Per cent; null when the eMMC does not define it: "0x00 0x00". @throws AgentError `sensor` */
export function parseLifeTime(path: string, text: string): number | null {
  const [, slc, mlc] = /^0x([0-9a-f]{2}) 0x([0-9a-f]{2})$/i.exec(text) ?? [];
  const steps = Math.max(Number.parseInt(slc ?? "", 16), Number.parseInt(mlc ?? "", 16));
  if (!(steps <= LAST_LIFE_STEP)) throw unexpected(path, "two steps of life", text);
  return steps === 0 ? null : steps * LIFE_STEP_PERCENT;
}

/** Per cent at least; null while the reserve says nothing: "0x00" and "0x01". @throws AgentError `sensor` */
export function parseReserve(path: string, text: string): number | null {
  const state = Number.parseInt(/^0x([0-9a-f]{2})$/i.exec(text)?.[1] ?? "", 16);
  const percent = RESERVE_USED_PERCENT[state];
  if (percent === undefined) throw unexpected(path, "a state of the reserve", text);
  return percent === 0 ? null : percent;
}
