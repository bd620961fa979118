import { readdirSync } from "node:fs";
import { memoryOf, usageOf } from "../bench/usage.ts";
import type { Look } from "./settled.ts";

/** What the kernel tells of a process. Handles of libuv are seen as descriptors and threads; timers are not seen. */
export function lookAt(pid: number): Omit<Look, "atMs" | "heapMb" | "backlog"> {
  const { rssAnonMb, rssMb } = memoryOf(pid);
  return {
    rssAnonMb,
    rssMb,
    ...usageOf(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}
