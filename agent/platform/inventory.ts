import type { Clock, Inventory, Logger, Readings } from "../ports.ts";
import { runOnce } from "./inventory-child.ts";
import { type InventoryStamp, readInventory } from "./inventory-file.ts";

/** A child that has not finished by then hangs on some bus. */
const LIMIT_MS = 3_000;

export interface InventoryOptions {
  readonly stateDir: string;
  /** This very program with these arguments. */
  readonly program: (args: readonly string[]) => {
    readonly file: string;
    readonly args: readonly string[];
  };
  readonly stamp: InventoryStamp;
  /** False: empty, and no child. Asked at each read, because a reload may change the answer. */
  readonly isEnabled: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * `inventory.json` of this boot and version, made by a child process of our own program where it is missing. The child is
 * started at most once a run; its libraries and its memory go with it.
 */
export function createInventory(options: InventoryOptions): Inventory {
  const { stateDir, program, stamp, isEnabled, clock, log } = options;
  let known: Readings | null = null;
  return {
    async read(signal) {
      if (!isEnabled()) return {};
      known ??= readInventory(stateDir, stamp);
      if (known !== null) return known;
      const child = program(["inventory", "--state", stateDir]);
      const problem = await runOnce(child, { limitMs: LIMIT_MS, clock, signal });
      signal.throwIfAborted(); // stopped or reloaded in between: that says nothing about the child
      known = readInventory(stateDir, stamp);
      if (known === null) {
        log.info("no inventory", { reason: problem ?? "it wrote none", hint: "pipit inventory" });
      }
      known ??= {};
      return known;
    },
  };
}
