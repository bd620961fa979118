import { count, unexpected } from "./parse.ts";

export const MEMINFO = "/proc/meminfo";

/**
 * One line of /proc/meminfo in bytes; null when the kernel does not write it. The file counts in units of 1024 bytes
 * and calls them kB (proc_meminfo(5)): "MemTotal:        3884336 kB\n".
 * @throws AgentError `sensor`
 */
export function meminfoBytes(text: string, name: string): number | null {
  // Of fifty lines two or three are asked for, at every beat: neither split, nor copied.
  const from = startOfLine(text, `${name}:`);
  if (from < 0) return null;
  const end = text.indexOf("\n", from);
  const line = text.slice(from, end < 0 ? undefined : end);
  const kilobytes = count(/: +(\d+) kB$/.exec(line)?.[1]);
  if (kilobytes === null || !Number.isSafeInteger(kilobytes * 1024))
    throw unexpected(MEMINFO, "a size in kB", line);
  return kilobytes * 1024;
}

/** Negative: no line begins so. */
function startOfLine(text: string, begin: string): number {
  if (text.startsWith(begin)) return 0;
  const newline = text.indexOf(`\n${begin}`);
  return newline < 0 ? -1 : newline + 1;
}
