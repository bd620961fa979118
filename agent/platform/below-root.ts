import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "./errno.ts";

/** As the kernel: more links than this in one path is a loop (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Follows the symlinks of `path` as if `root` were "/": "/sys/class/net/eth0 -> /sys/devices/…" stays below root, and so
 * does any number of "..". Returns the path as seen from inside. What does not exist is left for open() to report.
 * A view for fixtures and mounted images, not a security boundary.
 * @throws with `code` ELOOP
 */
export function resolveBelow(root: string, path: string): string {
  const resolved: string[] = [];
  const waiting = path.split("/").reverse();
  let links = 0;
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      resolved.pop();
      continue;
    }
    resolved.push(part);
    const target = linkTarget(join(root, ...resolved));
    if (target === null) continue;
    if (++links > MOST_LINKS)
      throw Object.assign(new Error(`ELOOP: too many symbolic links, '${path}'`), {
        code: "ELOOP",
      });
    if (target.startsWith("/")) resolved.length = 0;
    else resolved.pop();
    waiting.push(...target.split("/").reverse());
  }
  return `/${resolved.join("/")}`;
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EINVAL" || code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
