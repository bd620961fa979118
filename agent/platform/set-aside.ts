import { dirname } from "node:path";
import { type Files, systemFiles } from "./files.ts";

/**
 * Renames what stands at `path`, whatever it is, to the next free "credentials.json.corrupt-1", and tells that name:
 * it is the operator's to look at, never ours to delete.
 * @throws the system's error (EROFS, EACCES, EBUSY…), `code` set
 */
export function setAside(path: string, files: Files = systemFiles): string {
  let n = 1;
  while (files.factsOf(`${path}.corrupt-${n}`) !== null) n++;
  const aside = `${path}.corrupt-${n}`;
  files.rename(path, aside);
  files.syncFolder(dirname(path));
  return aside;
}
