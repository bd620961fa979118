import { connect } from "node:net";
import { setTimeout as after } from "node:timers/promises";

/** Readings that a program has handed in over the publish socket, each with a number of its own, and what was said of them. */
export interface HandedIn {
  /** Numbers 1 to this have been sent. */
  sent: number;
  readonly accepted: Set<number>;
  /** The agent has answered that it does not take them. */
  readonly refused: Set<number>;
}

export const nothingHandedIn = (): HandedIn => ({
  sent: 0,
  accepted: new Set(),
  refused: new Set(),
});

/** What belongs to a number, so that a value that was mixed up or invented shows; large enough to fill segments. */
export const readingsOf = (n: number) => ({
  n,
  twice: 2 * n,
  ...(n % 3 === 0 ? { note: `${n} `.repeat(1 + (n % 200)) } : {}),
});

const CONNECTIONS = 4;
/** Messages of one connection that are on their way together; every connection has another number. */
const MOST_TOGETHER = 5;
const AGAIN_MS = 20;
/** After an answer that this is too fast: five messages a second and connection. */
const SLOWER_MS = 200;

/**
 * Hands in readings as fast as they are acknowledged, over several connections, from now on and over restarts of the
 * agent. After `stop` no answer counts any more, not even one that has already arrived here.
 */
export function handIn(path: string, handed: HandedIn): { stop(): void } {
  const stopping = new AbortController();
  const { signal } = stopping;

  const converse = (together: number) =>
    new Promise<void>((resolve) => {
      const socket = connect(path).setEncoding("utf8");
      let underWay: number[] = [];
      let rest = "";
      const sendSome = () => {
        if (signal.aborted) return;
        underWay = Array.from({ length: together }, () => ++handed.sent);
        const lines = underWay.map((n) => `${JSON.stringify({ readings: readingsOf(n) })}\n`);
        socket.write(lines.join(""));
      };
      const take = (line: string): boolean => {
        const n = underWay.shift();
        if (n === undefined) throw new Error(`an answer to nothing: ${line}`);
        const isAccepted = line === '{"ok":true}';
        (isAccepted ? handed.accepted : handed.refused).add(n);
        return isAccepted;
      };
      socket.on("connect", sendSome);
      socket.on("data", (chunk: string) => {
        if (signal.aborted) return;
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        const isTaken = lines.map(take).every(Boolean);
        if (underWay.length > 0) return;
        if (isTaken) sendSome();
        else setTimeout(sendSome, SLOWER_MS);
      });
      socket.on("error", () => {}); // nobody listens yet, or the agent was killed
      const end = () => void socket.destroy();
      signal.addEventListener("abort", end);
      socket.on("close", () => {
        signal.removeEventListener("abort", end);
        resolve();
      });
    });

  const goOn = async (together: number) => {
    for (; !signal.aborted; await after(AGAIN_MS)) await converse(together);
  };
  for (let index = 0; index < CONNECTIONS; index++) void goOn(1 + (index % MOST_TOGETHER));
  return { stop: () => stopping.abort() };
}
