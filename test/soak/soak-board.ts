import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../agent/errors.ts";
import { publishTo } from "../../agent/platform/publish-client.ts";
import { nodeFlags } from "../../build/node-flags.ts";
import { executable, preparePipit } from "../bench/contenders.ts";
import { type HandedIn, nothingHandedIn } from "../support/handed-in.ts";
import { waitingIn } from "../support/waiting.ts";

/** So that the retransmissions of a message end within a cycle of two minutes. */
const SERVER_TOML = 'ack_timeout = "500ms"';
const START_MS = 30_000;
const AGAIN_MS = 100;

export interface SoakBoard extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly handed: HandedIn;
  /** What was said where a reading was not taken; the last of it. */
  readonly complaint: string | null;
  /** Hands in the next number as `pipit publish` does: on a connection of its own. */
  handInNext(): Promise<void>;
  /** Bytes after a collection; NaN where none was noted. */
  heapBytes(): number;
  failure(): Promise<never>;
  /** By SIGTERM. Resolves to the exit code, or the signal that ended it. */
  end(): Promise<number | string>;
  /** Numbers in its state folder, and how many it has dropped. After the end. */
  left(): Promise<{ readonly waiting: readonly number[]; readonly dropped: number }>;
}

export interface BoardOptions {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly token: string;
  readonly intervalMs: number;
  /**
   * Runs what was bundled for the executable on Node, with the same flags and the hook that notes the heap. The executable lets nobody
   * look in: it takes no NODE_OPTIONS and opens no debugger.
   */
  readonly notesHeap: boolean;
}

export async function startSoakBoard(options: BoardOptions): Promise<SoakBoard> {
  const { name, notesHeap, ...start } = options;
  const folder = join(start.folder, name);
  mkdirSync(folder);
  const heapFile = join(folder, "heap");
  const run = await preparePipit({
    ...start,
    folder,
    serverToml: SERVER_TOML,
    env: { RUNTIME_DIRECTORY: folder, ...(notesHeap && { SOAK_HEAP_FILE: heapFile }) },
    ...(notesHeap && { program: bundle }),
  });
  await using started = new AsyncDisposableStack();
  const contender = started.use(run());
  const socket = join(folder, "publish.sock");
  await Promise.race([appears(socket), contender.failure()]);
  started.move();
  const handed = nothingHandedIn();
  let complaint: string | null = null;
  return {
    ...contender,
    name,
    handed,
    get complaint() {
      return complaint;
    },
    async handInNext() {
      const n = ++handed.sent;
      try {
        await publishTo(socket, { n });
        handed.accepted.add(n);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        if (error.kind === "refused") handed.refused.add(n);
        complaint = error.message; // the verdict counts it
      }
    },
    heapBytes: () =>
      existsSync(heapFile) ? lastNumber(readFileSync(heapFile, "utf8")) : Number.NaN,
    async left() {
      const { entries, stats } = await waitingIn(join(folder, "state"));
      const numbers = entries.map(({ readings }) => readings["n"]);
      const waiting = numbers.filter((n) => typeof n === "number");
      return { waiting, dropped: stats.dropped };
    },
  };
}

const bundle = [
  process.execPath,
  ...nodeFlags,
  "--expose-gc",
  "--import",
  join(import.meta.dirname, "heap-hook.ts"),
  join(dirname(executable), "pipit.cjs"),
];

/** @throws Error where there is none after half a minute */
async function appears(path: string): Promise<void> {
  for (const fromMs = performance.now(); !existsSync(path); await sleep(AGAIN_MS))
    if (performance.now() - fromMs > START_MS) throw new Error(`no ${path}`);
}

/** Of whole lines: the last one may be half written. */
const lastNumber = (lines: string) => Number(lines.split("\n").at(-2) ?? Number.NaN);
