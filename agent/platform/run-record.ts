import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "../json.ts";
import type { Json, Logger, Run, RunRecord } from "../ports.ts";
import { durableWrite } from "./durable-write.ts";
import { errnoOf } from "./errno.ts";
import { type Files, systemFiles } from "./files.ts";
import { readWhole } from "./read-whole.ts";
import { setAside } from "./set-aside.ts";
import { storageError } from "./storage-error.ts";

/** Raised when a reader of the old form could misread the new one. */
const FORMAT_VERSION = 1;

/** Ten times what we write. */
const LARGEST_BYTES = 2_048;

/**
 * `last-run.json` in the state folder, mode 0600: `{"version":1,"bootId":"5f1d…","clean":false,"crashes":1,…}`.
 * One of a later version is left as it is: then this run is not noted.
 */
export function runRecord(stateDir: string, log: Logger, files: Files = systemFiles): RunRecord {
  const file = join(stateDir, "last-run.json");
  let isNewer = false;
  const read = () => {
    const content = readWhole(file, { limitBytes: LARGEST_BYTES, files });
    return content === null || content === "not a file"
      ? content && "damaged"
      : decodeRun(content.bytes);
  };
  return {
    load() {
      try {
        const run = read();
        isNewer = run === "newer";
        if (isNewer)
          log.warn("the record of the last run was written by a newer Pipit, and stays", {
            file,
            hint: `install that version again; or do without the record: sudo rm ${file}`,
          });
        else if (run === "damaged")
          log.warn("the record of the last run is damaged, set aside", {
            file: setAside(file, files),
          });
        return typeof run === "string" ? null : run;
      } catch (error) {
        const code = errnoOf(error);
        if (code === undefined) throw error;
        log.warn("the record of the last run cannot be read", { file, error: code });
        return null;
      }
    },
    save(run) {
      try {
        if (isNewer) return; // said when it was loaded
        durableWrite(file, `${JSON.stringify({ version: FORMAT_VERSION, ...run })}\n`, files);
      } catch (error) {
        throw storageError(`${file} could not be written`, dirname(file), error);
      }
    },
  };
}

/** `stamp`, `crashes` and `safeMode` came later than the format: without them nothing is known of crashes. */
export function decodeRun(bytes: Uint8Array): Run | "newer" | "damaged" {
  if (bytes.length > LARGEST_BYTES) return "damaged";
  const parsed = parseJson(new TextDecoder().decode(bytes));
  if (!isJsonObject(parsed)) return "damaged";
  const { version, bootId, clean, stamp = null, crashes = 0, safeMode = false } = parsed;
  if (typeof version === "number" && version > FORMAT_VERSION) return "newer";
  if (version !== FORMAT_VERSION || typeof clean !== "boolean") return "damaged";
  if (!isTextOrNull(bootId) || !isTextOrNull(stamp)) return "damaged";
  if (typeof crashes !== "number" || typeof safeMode !== "boolean") return "damaged";
  return { bootId, clean, stamp, crashes, safeMode };
}

const isTextOrNull = (value: Json | undefined): value is string | null =>
  value === null || typeof value === "string";
