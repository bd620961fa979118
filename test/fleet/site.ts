import type { Sandbox, SandboxEvent } from "../../agent/sandbox/sandbox.ts";
import type { Arrivals } from "./arrivals.ts";
import { type Balance, balanceOf, storedIn } from "./balance.ts";
import { createFleetBoard, type FleetBoard, type World } from "./fleet-board.ts";
import { boardFiles } from "./fleet-config.ts";

/** Boards with one server. */
export interface Site {
  readonly boards: readonly FleetBoard[];
  readonly arrivals: Arrivals;
  /** The server tells what arrives; else the arrivals know who is online, and no more. */
  readonly countsRequests: boolean;
  /** Seconds since the beginning. */
  now(): number;
  online(): number;
  /** Lets one second pass. @throws what an agent has ended with */
  second(): Promise<void>;
  balance(): Balance;
}

export interface SiteOptions {
  readonly boards: number;
  readonly intervalMs: number;
  readonly seed: number;
}

interface Parts {
  readonly boards: number;
  readonly world: Omit<World, "host" | "failed">;
  readonly arrivals: Arrivals;
  /** Null: the server is somebody else's. */
  readonly sandbox: Sandbox | null;
  now(): number;
  /** Lets one second pass. */
  pass(): Promise<void>;
}

export function createSite({ boards: count, world, arrivals, sandbox, now, pass }: Parts): Site {
  let failure: { readonly error: unknown } | null = null;
  const whole = {
    ...{ ...world, host: boardFiles() },
    failed(error: unknown) {
      failure ??= { error };
    },
  };
  const boards = Array.from({ length: count }, (_, index) => createFleetBoard(index, whole));
  const online = () => boards.reduce((total, { isOnline }) => total + (isOnline ? 1 : 0), 0);
  return {
    ...{ boards, arrivals, now, online, countsRequests: sandbox !== null },
    async second() {
      await pass();
      if (failure !== null) throw failure.error;
      arrivals.online(now(), online());
    },
    balance: () => balanceOf(boards, sandbox && storedIn(sandbox.state().devices)),
  };
}

/** The sandbox's events, but for what it has sent by itself. */
export const countedIn =
  (arrivals: Arrivals, now: () => number) =>
  ({ method, code }: SandboxEvent): void => {
    if (method !== "PUSH") arrivals.arrived(now(), code.startsWith("5."));
  };
