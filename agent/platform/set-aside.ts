import { lstatSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "./durable-write.ts";

/**
 * Renames what stands at `path`, whatever it is, to the next free "credentials.json.corrupt-1", and tells that name:
 * it is the operator's to look at, never ours to delete.
 * @throws the system's error (EROFS, EACCES, EBUSY…), `code` set
 */
export function setAside(path: string): string {
  let n = 1;
  while (lstatSync(`${path}.corrupt-${n}`, { throwIfNoEntry: false })) n++;
  const aside = `${path}.corrupt-${n}`;
  renameSync(path, aside);
  syncDirectory(dirname(path));
  return aside;
}
