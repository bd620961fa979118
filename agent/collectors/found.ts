import type { Host } from "../ports.ts";
import { orAbsent, readOptional } from "./read.ts";

export interface FoundText {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads a file whose path is looked for: kernel numbers (hwmon2, thermal_zone0) change between boots. Found once, and
 * looked for again when it went away: the driver was unloaded, or came back under another number.
 */
export function readWhereFound(host: Host, find: () => Promise<string | null>) {
  let path: string | null = null;
  return async (): Promise<FoundText | null> => {
    path ??= await find();
    if (path === null) return null;
    const text = await readOptional(host, path);
    if (text !== null) return { path, text };
    path = null;
    return null;
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
    folders.map((folder) => readOptional(host, `${folder}/${candidates.label}`)),
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
