import { AgentError } from "../errors.ts";
import type { Awaitable, Host } from "../ports.ts";
import { errnoOf } from "./errno.ts";

const CHIPS = "/sys/class/hwmon";
const PLATFORM = "/sys/devices/platform";

export interface ThrottleFiles {
  /** "0\n" or "1\n": under-voltage within the last 2 s. */
  readonly alarm: string;
  /** "50005\n": hexadecimal without 0x. Null where there is none, or it is not to be read. */
  readonly throttled: string | null;
}

/**
 * The files of a Raspberry Pi's firmware: the alarm of the hwmon chip "rpi_volt", and get_throttled below "soc:firmware",
 * which is "axi:firmware" or another on a Pi 5. Null without the chip.
 * @throws AgentError `sensor` when the name of a chip could not be read: it may be the one
 */
export async function findThrottleFiles(
  host: Host,
  withThrottled: boolean,
): Promise<ThrottleFiles | null> {
  let unread: AgentError | null = null;
  for (const chip of (await orFailure(CHIPS, (path) => host.readDir(path))) ?? []) {
    const name = await orFailure(`${CHIPS}/${chip}/name`, (path) => host.readFile(path)).catch(
      (error: unknown) => {
        if (!(error instanceof AgentError)) throw error;
        unread = error;
      },
    );
    if (name !== "rpi_volt\n") continue;
    const throttled = withThrottled ? await findThrottled(host) : null;
    return { alarm: `${CHIPS}/${chip}/in0_lcrit_alarm`, throttled };
  }
  if (unread !== null) throw unread;
  return null;
}

/** Looks for the name, never into the file: the first read of it leaves a warning in the kernel's log. */
async function findThrottled(host: Host): Promise<string | null> {
  for (const bus of await namesIn(host, PLATFORM)) {
    const devices = await namesIn(host, `${PLATFORM}/${bus}`);
    for (const device of devices.filter((name) => name.endsWith("firmware"))) {
      const folder = `${PLATFORM}/${bus}/${device}`;
      if ((await namesIn(host, folder)).includes("get_throttled")) return `${folder}/get_throttled`;
    }
  }
  return null;
}

/** None where it is a file, or not ours to list: the folder that is looked for is open to everybody. */
async function namesIn(host: Host, folder: string): Promise<readonly string[]> {
  try {
    return await host.readDir(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}

/**
 * What `read` gives; null where there is no such file.
 * @throws AgentError `sensor` naming the path and the system's error
 */
async function orFailure<T>(path: string, read: (path: string) => Awaitable<T>): Promise<T | null> {
  try {
    return await read(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") return null;
    throw new AgentError("sensor", `${path}: ${code}`, { cause: error });
  }
}
