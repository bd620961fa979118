import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "../json.ts";
import type { Readings } from "../ports.ts";
import { durableWrite } from "./durable-write.ts";
import { errnoOf } from "./errno.ts";
import { readWhole } from "./read-whole.ts";
import { storageError } from "./storage-error.ts";

const FORMAT_VERSION = 1;
const LARGEST_BYTES = 16 * 1_024;

/** What an inventory was made for: another boot may have other disks, another version may ask for more. */
export interface InventoryStamp {
  readonly bootId: string | null;
  readonly agentVersion: string;
}

const fileIn = (stateDir: string) => join(stateDir, "inventory.json");

/** @throws AgentError `storage` */
export function writeInventory(stateDir: string, stamp: InventoryStamp, facts: Readings): void {
  const file = fileIn(stateDir);
  try {
    durableWrite(
      file,
      `${JSON.stringify({ version: FORMAT_VERSION, ...stamp, facts }, null, 2)}\n`,
    );
  } catch (error) {
    throw storageError(`${file} could not be written`, dirname(file), error);
  }
}

/** Null where there is none for this stamp; a damaged one is as good as none: the child writes it anew. */
export function readInventory(stateDir: string, stamp: InventoryStamp): Readings | null {
  try {
    const content = readWhole(fileIn(stateDir), { limitBytes: LARGEST_BYTES });
    if (content === null || content === "not a file") return null;
    if (content.bytes.length > LARGEST_BYTES) return null;
    return decodeInventory(new TextDecoder().decode(content.bytes), stamp);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

export function decodeInventory(text: string, stamp: InventoryStamp): Readings | null {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed) || parsed["version"] !== FORMAT_VERSION) return null;
  const { bootId, agentVersion, facts } = parsed;
  if (bootId !== stamp.bootId || agentVersion !== stamp.agentVersion) return null;
  if (facts === undefined || !isJsonObject(facts)) return null;
  const found: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      found[name] = value;
  }
  return found;
}
