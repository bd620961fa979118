import type { Readings } from "../ports.ts";
import type { Collector } from "./collector.ts";
import { MOUNTS_LIMIT_BYTES } from "./mounts.ts";
import { unexpected } from "./parse.ts";
import { readOptional } from "./read.ts";

const PATH = "/proc/self/mountinfo";

/**
 * Whether the file system of "/" was made read-only: what the kernel does to a card that fails (proc_pid_mountinfo(5)):
 *
 *     43 42 179:2 / / ro,noatime shared:1 - ext4 /dev/mmcblk0p2 rw,errors=remount-ro
 *                                                               options of the file system itself
 *
 * The first "ro" is that of the mount: systemd's ProtectSystem=strict sets it for the agent on a healthy card too, and
 * /proc/self/mounts shows nothing else.
 */
export const root: Collector = {
  name: "root",
  metric: "disk",
  keys: {
    rootReadOnly: {
      unit: "",
      meaning: "the file system of / is read-only: the card may be dying",
      source: PATH,
      flag: true,
      optional: true,
    },
  },
  open: (host) => async () => {
    const text = await readOptional(host, PATH, MOUNTS_LIMIT_BYTES);
    return text === null ? null : parseRoot(text);
  },
};

/** @throws AgentError `sensor` */
export function parseRoot(text: string): Readings {
  // What was mounted last lies on top.
  const line = text.split("\n").findLast((candidate) => candidate.split(" ", 5)[4] === "/");
  const options = / - \S+ \S* (\S+)$/.exec(line ?? "")?.[1]?.split(",") ?? [];
  const readOnly = options.includes("ro");
  if (readOnly === options.includes("rw")) throw unexpected(PATH, "a mount of /", line ?? text);
  return { rootReadOnly: readOnly };
}
