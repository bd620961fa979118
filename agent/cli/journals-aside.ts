import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Fingerprint } from "../credentials.ts";
import type { Board } from "../device/board.ts";
import { errnoOf } from "../platform/errno.ts";
import { systemFiles } from "../platform/files.ts";

/** `journal.serial-…`: journals that wait until their board's card is back; of one board there may be several, `…+2`. */
const nameFor = ({ source, value }: Fingerprint) =>
  `journal.${source}-${encodeURIComponent(value)}`;

/** Encoded, no value has a plus: "1+2" is the second one of board 1. */
const isOf = (name: string, print: Fingerprint) =>
  name === nameFor(print) || name.startsWith(`${nameFor(print)}+`);

/** Those of this board, whatever it showed of itself when they were set aside. */
export function asidesOf(stateDir: string, { serial, macs, machineId }: Board): readonly string[] {
  const prints: Fingerprint[] = macs.map((value) => ({ source: "mac", value }));
  if (serial) prints.push({ source: "serial", value: serial });
  if (machineId) prints.push({ source: "machine-id", value: machineId });
  return entriesOf(stateDir)
    .filter((entry) => entry.isDirectory() && prints.some((print) => isOf(entry.name, print)))
    .map(({ name }) => join(stateDir, name))
    .toSorted();
}

/** None where there is no such folder yet, or it may not be listed: then this board's own journal has to do. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/** Under the next free name, which it tells. @throws the system's error */
export function setAside(folder: string, owner: Fingerprint): string {
  const first = join(dirname(folder), nameFor(owner));
  let aside = first;
  for (let n = 2; systemFiles.factsOf(aside) !== null; n++) aside = `${first}+${n}`;
  move(folder, aside);
  return aside;
}

/** Where there is no journal. @throws the system's error */
export const takeUp = (aside: string, folder: string): void => move(aside, folder);

function move(from: string, to: string): void {
  systemFiles.rename(from, to);
  systemFiles.syncFolder(dirname(to));
}
