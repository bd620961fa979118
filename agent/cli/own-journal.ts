import { join } from "node:path";
import { fingerprintOf } from "../device/board.ts";
import type { DurableJournal } from "../journal/journal.ts";
import { errnoOf } from "../platform/errno.ts";
import { bothClockNotes, CLOCK_NOTE } from "../telemetry/clock-notes.ts";
import { journalFolder, type Owner } from "./journal-folder.ts";
import { asidesOf, setAside, takeUp } from "./journals-aside.ts";

/** Opens the journal in this folder; null: in memory. */
type Open = (folder: string | null) => Promise<DurableJournal>;

/**
 * This board's journal. Where "continue" made another board's its own, one that was set aside before may still wait: that in
 * which most waits is used, and the others' turn comes with a later start.
 */
export async function openOwnJournal(
  stateDir: string,
  owner: Owner,
  open: Open,
): Promise<DurableJournal> {
  const folder = journalFolder(stateDir, owner);
  const journal = await open(folder);
  // In memory nothing tells what waits on the disk.
  if (folder === null || journal.stats().storage !== "disk") return journal;
  const most = await fullest(asidesOf(stateDir, owner.board), open);
  if (most.waiting === 0) return journal;
  if (most.waiting <= journal.waiting()) {
    owner.log.notice("samples set aside go on with a later start", {
      ...most,
      hint: "when nothing else waits: sudo systemctl restart pipit",
    });
    return journal;
  }
  const clockNote = journal.noted(CLOCK_NOTE);
  await journal[Symbol.asyncDispose]();
  const isSwapped = swap(stateDir, most.aside, owner);
  const other = await open(journalFolder(stateDir, owner));
  // No time is given twice, and what the one knows of earlier boots dates samples of the other.
  if (isSwapped) other.note(CLOCK_NOTE, bothClockNotes(clockNote, other.noted(CLOCK_NOTE)));
  return other;
}

async function fullest(asides: readonly string[], open: Open) {
  let most = { aside: "", waiting: 0 };
  for (const aside of asides) {
    await using journal = await open(aside);
    if (journal.waiting() > most.waiting) most = { aside, waiting: journal.waiting() };
  }
  return most;
}

/** Cut between the two moves, the next start finds no journal, and takes one of those that wait. */
function swap(stateDir: string, from: string, { board, log }: Owner): boolean {
  const folder = join(stateDir, "journal");
  const here = fingerprintOf(board);
  if (here === null) return false;
  try {
    const aside = setAside(folder, here);
    takeUp(from, folder);
    log.notice("samples that were set aside go on", { from, aside });
    return true;
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    const hint = `make ${stateDir} writable, or give ${from} the name ${folder}, then: sudo systemctl restart pipit`;
    log.error("samples that were set aside cannot go on", { error: code, hint });
    return false;
  }
}
