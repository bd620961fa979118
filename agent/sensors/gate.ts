import { onAbort } from "../aborting.ts";
import type { Gate, Turn } from "../collectors/collector.ts";
import type { Host } from "../ports.ts";
import { SensorFault } from "./fault.ts";

/**
 * Contains reads that never return. Each holds a thread of the pool of which DNS and all files live, so no more than
 * `most` are ever out at a time: when that many are stuck, nothing is begun until one of them is back.
 */
export function createGate(most: number): Gate {
  const waiting = new Set<string>();
  /** Bus -> what is stuck on it. */
  const stuck = new Map<string, string>();
  const busTails = new Map<string, Promise<void>>();
  const slots = createSlots(most);

  const refusal = ({ id, bus }: Turn): SensorFault | null => {
    const holder = stuck.get(bus);
    if (holder === id) return fault(`${id}: its last read has not returned`);
    if (holder !== undefined)
      return fault(`${id}: bus ${bus} is held by the read of ${holder}, which has not returned`);
    if (stuck.size >= most) {
      const holders = [...stuck.values()].join(", ");
      return fault(`${id}: not read, ${stuck.size} reads have not returned: ${holders}`);
    }
    return waiting.has(id) ? fault(`${id}: its last read has not returned`) : null;
  };

  return {
    run<T>(turn: Turn, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
      const refused = refusal(turn);
      if (refused) return Promise.reject(refused);
      const { id, bus } = turn;
      let begun = false;
      const late = () =>
        fault(begun ? `${id}: no answer in time` : `${id}: bus ${bus} was not free in time`);
      const inTurn = async (): Promise<T> => {
        using _slot = await slots.take();
        if (signal.aborted) throw late();
        begun = true;
        return await work();
      };
      waiting.add(id);
      const mine = (busTails.get(bus) ?? Promise.resolve()).then(inTurn);
      const over = () => {
        waiting.delete(id);
        if (stuck.get(bus) === id) stuck.delete(bus);
        if (busTails.get(bus) === tail) busTails.delete(bus);
      };
      const tail = mine.then(over, over);
      busTails.set(bus, tail);
      return new Promise<T>((resolve, reject) => {
        const forget = onAbort(signal, () => {
          if (begun) stuck.set(bus, id);
          reject(late());
        });
        void tail.then(forget);
        mine.then(resolve, reject);
      });
    },
  };
}

/** Reads of the agent's own process that may hang at a time. */
const MOST_STUCK = 2;

const gates = new WeakMap<Host, Gate>();

/** The one gate of a host: a read that hung before a reload of the configuration hangs after it too. */
export function gateOf(host: Host): Gate {
  const gate = gates.get(host) ?? createGate(MOST_STUCK);
  gates.set(host, gate);
  return gate;
}

/** `take` resolves when one of `count` is free, in the order of asking; disposing gives it back. */
function createSlots(count: number) {
  let free = count;
  const queue: (() => void)[] = [];
  const giveBack = () => {
    const next = queue.shift();
    if (next) next();
    else free++;
  };
  return {
    async take(): Promise<Disposable> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => queue.push(resolve));
      return { [Symbol.dispose]: giveBack };
    },
  };
}

const fault = (message: string) =>
  new SensorFault("stuck", message, { hint: "see what the kernel says of it: dmesg" });
