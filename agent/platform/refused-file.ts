import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RefusedSample, RefusedSamples } from "../ports.ts";
import { durableWrite } from "./durable-write.ts";
import { readWhole } from "./read-whole.ts";
import { storageError } from "./storage-error.ts";

const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

const LARGEST_BYTES = 64 * 1024;
/** One line; of a larger sample only the keys are kept. */
const LONGEST_LINE = 16 * 1024;

/**
 * `refused.jsonl` in the state folder, mode 0600, a line for each: `{"ts":1795341600000,"reason":"…","readings":{…}}`. Not
 * synced: it is for people. When it is full, the older half goes.
 */
export function refusedFile(stateDir: string): RefusedSamples {
  const file = join(stateDir, "refused.jsonl");
  return {
    keep(refused) {
      const line = lineOf(refused);
      try {
        if (!append(file, line)) durableWrite(file, newestHalf(file) + line);
      } catch (error) {
        throw storageError(`${file} could not be written`, dirname(file), error);
      }
    },
  };
}

function lineOf({ ts, reason, readings }: RefusedSample): string {
  const line = JSON.stringify({ ts, reason, readings });
  if (line.length * 3 <= LONGEST_LINE || Buffer.byteLength(line) <= LONGEST_LINE)
    return `${line}\n`;
  const keys = Object.keys(readings)
    .join(",")
    .slice(0, LONGEST_LINE / 4);
  return `${JSON.stringify({ ts, reason, keys })}\n`;
}

/** False where it must be written anew: it would be too large, or is no file of ours. */
function append(file: string, line: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    if (isNoFile(error)) return false;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size + Buffer.byteLength(line) > LARGEST_BYTES) return false;
    writeSync(fd, line);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** A symbolic link, or a FIFO that nobody reads. */
const isNoFile = (error: unknown) =>
  error instanceof Error && "code" in error && (error.code === "ELOOP" || error.code === "ENXIO");

/** Its last whole lines. */
function newestHalf(file: string): string {
  const content = readWhole(file, { limitBytes: LARGEST_BYTES, noFollow: true });
  if (content === null || content === "not a file") return "";
  const { bytes } = content;
  const half = Buffer.from(bytes.subarray(Math.max(0, bytes.length - LARGEST_BYTES / 2)));
  return half.subarray(half.indexOf("\n") + 1).toString("utf8");
}
