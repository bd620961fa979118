import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "../json.ts";
import type { Logger, Run, RunRecord } from "../ports.ts";
import { durableWrite } from "./durable-write.ts";
import { errnoOf } from "./errno.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError } from "./storage-error.ts";

/** Raised when a reader of the old form could misread the new one. */
const FORMAT_VERSION = 1;

/** Ten times what we write. */
const LARGEST_BYTES = 2_048;

/** `last-run.json` in the state folder, mode 0600: `{"version":1,"bootId":"5f1d…","clean":false}`. */
export function runRecord(stateDir: string, log: Logger): RunRecord {
  const file = join(stateDir, "last-run.json");
  return {
    load() {
      try {
        const content = readWhole(file, { limitBytes: LARGEST_BYTES });
        if (content === null) return null;
        const run = content === "not a file" ? null : decodeRun(content.bytes);
        if (run === null)
          log.warn("the record of the last run is damaged, set aside", { file: setAside(file) });
        return run;
      } catch (error) {
        const code = errnoOf(error);
        if (code === undefined) throw error;
        log.warn("the record of the last run cannot be read", { file, error: code });
        return null;
      }
    },
    save({ bootId, clean }) {
      try {
        durableWrite(file, `${JSON.stringify({ version: FORMAT_VERSION, bootId, clean })}\n`);
      } catch (error) {
        throw storageError(`${file} could not be written`, dirname(file), error);
      }
    },
  };
}

/** Null for anything that this version has not written. */
export function decodeRun(bytes: Uint8Array): Run | null {
  if (bytes.length > LARGEST_BYTES) return null;
  const parsed = parseJson(new TextDecoder().decode(bytes));
  if (!isJsonObject(parsed) || parsed["version"] !== FORMAT_VERSION) return null;
  const { bootId, clean } = parsed;
  if (typeof clean !== "boolean" || (bootId !== null && typeof bootId !== "string")) return null;
  return { bootId, clean };
}
