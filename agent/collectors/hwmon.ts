import type { Host } from "../ports.ts";
import { findFolder } from "./found.ts";

const CHIPS = "/sys/class/hwmon";

/**
 * Folder of the first hwmon chip that has one of these names (sysfs-interface of hwmon): `/sys/class/hwmon/hwmon1`
 * where its `name` is "rpi_volt\n". Null where there is none. Found by name: the number follows probe order.
 * @throws AgentError `sensor` when none fits and the name of one could not be read: it may be the one
 */
export const findChip = (host: Host, chips: readonly string[]): Promise<string | null> =>
  findFolder(host, CHIPS, { pattern: /^hwmon\d+$/, label: "name" }, (folders) =>
    folders.find(({ label }) => chips.includes(label)),
  );
