import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const VERSION_AT = 4;
const CRC_AT = 28;

/** Changes the format version of every journal segment in `folder` by `by`: what another version of Pipit would have written. */
export function changeSegments(folder: string, by: number): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".seg"))) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    bytes.writeUInt16LE(bytes.readUInt16LE(VERSION_AT) + by, VERSION_AT);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
    writeFileSync(path, bytes);
  }
}

/** The same for credentials: their checksum covers all other members in every version. */
export function changeCredentials(file: string, by: number): void {
  const { crc32: _, ...members } = JSON.parse(readFileSync(file, "utf8"));
  members.version += by;
  const checksum = crc32(JSON.stringify(members)).toString(16).padStart(8, "0");
  writeFileSync(file, `${JSON.stringify({ crc32: checksum, ...members }, null, 2)}\n`);
}

/** The same for the record of the last run. */
export function changeRun(file: string, by: number): void {
  const run = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, `${JSON.stringify({ ...run, version: run.version + by })}\n`);
}

/** Path -> content of every file below `folder`: for a look whether anything has changed. */
export function contentOf(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    names.sort().map((path) => [path.slice(folder.length + 1), readFileSync(path, "latin1")]),
  );
}
