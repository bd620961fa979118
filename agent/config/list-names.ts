/** Lists of the configuration: [[sensors]] and [[jobs]]. */
export const listNames = ["sensors", "jobs"] as const;
export type ListName = (typeof listNames)[number];

export const isListName = (name: string): name is ListName =>
  listNames.some((list) => list === name);

/** Names of the settings of an entry whose values an error may repeat. A command line may hold a password. */
const shown = new Set([
  "type",
  "id",
  "enabled",
  "key",
  "interval",
  "schedule",
  "unit",
  "on_change",
  "factor",
  "offset",
  "deadband",
  "timeout",
  "chip",
  "line",
  "bias",
  "active_low",
  "edges",
  "debounce",
  "format",
  "path",
  "pattern",
  "run",
]);

export const isShownInList = (name: string): boolean => shown.has(name);
