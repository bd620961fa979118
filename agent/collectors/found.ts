import { andThen } from "../awaitable.ts";
import type { Collect, Host, Readings } from "../ports.ts";
import { dueAfter } from "./due.ts";
import { orAbsent, readOptional } from "./read.ts";

/** What is not there may come with its driver; a search at every beat would cost as much as the readings. */
const SEARCH_EVERY_MS = 60_000;

/**
 * Reads a file whose path is looked for: kernel numbers (hwmon2, thermal_zone0) change between boots. Found once, and
 * looked for again when it went away: the driver was unloaded, or came back under another number. Where there was none it
 * is looked for every minute.
 */
export function readWhereFound(
  host: Host,
  find: () => Promise<string | null>,
  parse: (path: string, text: string) => Readings,
): Collect {
  let known: string | null = null;
  let searchAtMs = Number.NEGATIVE_INFINITY;
  const parsed = (path: string, text: string | null) => {
    if (text !== null) return parse(path, text);
    known = null;
    return null;
  };
  const readAt = (path: string) => andThen(readOptional(host, path), (text) => parsed(path, text));
  const search = async (nowMs: number) => {
    known = await find();
    if (known !== null) return readAt(known);
    searchAtMs = dueAfter(nowMs, SEARCH_EVERY_MS);
    return null;
  };
  return ({ monotonicMs }) => {
    if (known !== null) return readAt(known);
    return monotonicMs < searchAtMs ? null : search(monotonicMs);
  };
}

export interface NamedFolder {
  readonly folder: string;
  /** What its `name` or `type` says; "" where that cannot be read. */
  readonly label: string;
}

/**
 * The folder below `parent` that `choose` takes by its label: `/sys/class/hwmon/hwmon1/name` is "rpi_volt\n".
 * @throws AgentError `sensor` when none is chosen and the label of one could not be read: it may be the one
 */
export async function findFolder(
  host: Host,
  parent: string,
  candidates: { readonly pattern: RegExp; readonly label: string },
  choose: (folders: readonly NamedFolder[]) => NamedFolder | undefined,
): Promise<string | null> {
  const names = (await orAbsent(parent, () => host.readDir(parent))) ?? [];
  const folders = names
    .filter((name) => candidates.pattern.test(name))
    .map((name) => `${parent}/${name}`);
  const labels = await Promise.allSettled(
    folders.map(async (folder) => readOptional(host, `${folder}/${candidates.label}`)),
  );
  const chosen = choose(
    folders.map((folder, index) => {
      const label = labels[index];
      return { folder, label: label?.status === "fulfilled" ? (label.value ?? "") : "" };
    }),
  );
  if (chosen) return chosen.folder;
  const failed = labels.find((label) => label.status === "rejected");
  if (failed) throw failed.reason;
  return null;
}
