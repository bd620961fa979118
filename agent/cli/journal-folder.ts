import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Fingerprint } from "../credentials.ts";
import { type Board, fingerprintOf, isSameBoard } from "../device/board.ts";
import type { HardwareChangePolicy } from "../device/identity.ts";
import { isJsonObject, parseJson } from "../json.ts";
import { checksum } from "../platform/checksum.ts";
import { durableWrite } from "../platform/durable-write.ts";
import { errnoOf } from "../platform/errno.ts";
import { readWhole } from "../platform/read-whole.ts";
import type { Logger } from "../ports.ts";
import type { Standing } from "../standing.ts";
import { asidesOf, setAside, takeUp } from "./journals-aside.ts";

/** Says in the journal's folder which board's samples these are. */
const MARK = "board.json";
const FORMAT_VERSION = 1;
/** Ten times what we write. */
const LARGEST_BYTES = 2_048;

export interface Owner {
  readonly board: Board;
  readonly policy: HardwareChangePolicy;
  readonly log: Logger;
  readonly standing: Pick<Standing, "raise">;
}

/**
 * The folder for this board's samples. What waits on a card that came from another board belongs into that board's device:
 * it is set aside as `journal.serial-…`, and goes on when the card is back. With "continue" both are one device. Null where
 * the disk does not allow that: then the journal of the other board must stay closed.
 */
export function journalFolder(stateDir: string, owner: Owner): string | null {
  const folder = join(stateDir, "journal");
  const here = fingerprintOf(owner.board);
  if (here === null) return folder;
  try {
    settle(stateDir, folder, here, owner);
    return folder;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    if (isOurs(folder, owner)) return folder; // the journal itself knows what to do with such a disk
    const text = "the journal of another board cannot be set aside: samples wait in memory";
    const fix = `make ${stateDir} writable, or move ${folder} away; then: sudo systemctl restart pipit`;
    owner.log.error(text, { error: code, hint: fix });
    owner.standing.raise({ name: "storage", code: "P046", text, fix });
    return null;
  }
}

function settle(stateDir: string, folder: string, here: Fingerprint, owner: Owner): void {
  const { policy, log } = owner;
  if (!isOurs(folder, owner) && policy !== "continue") {
    const other = markIn(folder);
    if (other !== null && other !== "newer") {
      const aside = setAside(folder, other);
      log.warn("these samples are another board's, they wait until the card is back", { aside });
    }
  }
  const [former] = asidesOf(stateDir, owner.board);
  if (former !== undefined && !existsSync(folder)) takeUp(former, folder);
  const mark = markIn(folder);
  if (mark === "newer" || (mark !== null && isOurs(folder, owner))) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const members = { version: FORMAT_VERSION, ...here };
  durableWrite(join(folder, MARK), `${JSON.stringify({ crc32: checksum(members), ...members })}\n`);
}

/** So is one that nobody has marked: an earlier version made it on this board. */
function isOurs(folder: string, { board }: Owner): boolean {
  const mark = markIn(folder);
  return mark === "newer" || isSameBoard(mark, board);
}

/** Null where there is none that can be read: `newer` where another version must know. */
function markIn(folder: string): Fingerprint | "newer" | null {
  try {
    const content = readWhole(join(folder, MARK), { limitBytes: LARGEST_BYTES });
    if (content === null || content === "not a file") return null;
    const mark = parseJson(new TextDecoder().decode(content.bytes));
    if (!isJsonObject(mark)) return null;
    // A damaged mark is none: it must not make this board's samples another one's.
    const { crc32, ...members } = mark;
    if (crc32 !== checksum(members)) return null;
    const { version, source, value } = members;
    if (typeof version === "number" && version > FORMAT_VERSION) return "newer";
    const known = source === "serial" || source === "mac" || source === "machine-id";
    return known && typeof value === "string" ? { source, value } : null;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}
