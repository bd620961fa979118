import type { Host } from "../ports.ts";

/** "" where it cannot be read. */
export async function textOrEmpty(host: Host, path: string): Promise<string> {
  try {
    return await host.readFile(path);
  } catch {
    return "";
  }
}

/**
 * A file of one line; null where there is none, or nothing in it. Device-tree strings end in NUL:
 * "Raspberry Pi 4 Model B Rev 1.5\0".
 */
export async function textOrNull(host: Host, path: string): Promise<string | null> {
  const text = await textOrEmpty(host, path);
  return text.replace(/[\0\s]+$/, "").trim() || null;
}

/** None where there is no such folder. */
export const namesIn = (host: Host, path: string): Promise<readonly string[]> =>
  host.readDir(path).catch(() => []);

/** Differs after every boot, whatever the wall clock says (random(4)); null where the kernel does not tell. */
export const readBootId = (host: Host): Promise<string | null> =>
  textOrNull(host, "/proc/sys/kernel/random/boot_id");
