/** Beside the sockets of the boards: what Node has open itself, the sandbox's socket, look-ups. */
const OTHERS = 64;

/** Open files that so many boards need, with a socket each. */
export const filesFor = (boards: number): number => boards + OTHERS;

/**
 * Why so many boards cannot have a socket each, and the command that helps; null: they can. `limits` is the text of
 * /proc/self/limits, where Node has raised the soft limit to the hard one already.
 * @throws Error when it is written in another way
 */
export function tooFewFiles(limits: string, boards: number): string | null {
  const [, soft, hard] = /^Max open files +(\d+|unlimited) +(\d+|unlimited) /m.exec(limits) ?? [];
  if (soft === undefined || hard === undefined)
    throw new Error("/proc/self/limits has no line for open files");
  const needed = filesFor(boards);
  if (soft === "unlimited" || Number(soft) >= needed) return null;
  const help =
    hard === "unlimited" || Number(hard) >= needed
      ? `ulimit -n ${needed}`
      : `sudo prlimit --pid $$ --nofile=${needed}:${needed} (as root: ulimit -n ${needed})`;
  return `${boards} boards need ${needed} open files, a socket each and ${OTHERS} more; this process may have ${soft}. Raise it: ${help}`;
}
