import { AgentError } from "../errors.ts";
import type { Clock, Json } from "../ports.ts";

export interface RpcCall {
  readonly method: string;
  readonly params?: Json;
  /** Done once it is pushed; otherwise the device's reply is waited for. */
  readonly oneway?: boolean;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

interface Pending {
  readonly body: string;
  readonly oneway: boolean;
  settle(reply: Json | null): void;
  fail(reason: string): void;
}

export interface ServerRpcDeps {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** False when the device does not observe RPC. */
  push(deviceName: string, body: string): boolean;
}

/** Server-side RPC, not persistent: a call waits for an observer and for its reply until its time is over. */
export function createServerRpc({ clock, timeoutMs, push }: ServerRpcDeps) {
  const calls = new Map<string, { nextId: number; pending: Map<number, Pending> }>();
  const open = new Set<Pending>();
  const callsOf = (deviceName: string) => {
    const known = calls.get(deviceName) ?? { nextId: 0, pending: new Map<number, Pending>() };
    calls.set(deviceName, known);
    return known;
  };
  const deliver = (deviceName: string, { body, oneway, settle }: Pending) => {
    if (push(deviceName, body) && oneway) settle(null);
  };

  return {
    send(deviceName: string, call: RpcCall): Promise<Json | null> {
      const device = callsOf(deviceName);
      const id = device.nextId++;
      const limitMs = call.timeoutMs ?? timeoutMs;
      return new Promise((resolve, reject) => {
        const done = () => {
          timer[Symbol.dispose]();
          device.pending.delete(id);
          open.delete(pending);
        };
        const pending: Pending = {
          body: JSON.stringify({ id, method: call.method, params: call.params ?? null }),
          oneway: call.oneway ?? false,
          settle(reply) {
            done();
            resolve(reply);
          },
          fail(reason) {
            done();
            reject(new AgentError("transient", `RPC ${call.method} to ${deviceName}: ${reason}`));
          },
        };
        const timer = clock.after(limitMs, () => pending.fail(`no reply within ${limitMs} ms`));
        open.add(pending);
        device.pending.set(id, pending);
        deliver(deviceName, pending);
      });
    },
    /** On every subscription all that is still open is pushed again, answered two-way calls apart. */
    resend(deviceName: string): void {
      for (const pending of [...callsOf(deviceName).pending.values()]) deliver(deviceName, pending);
    },
    /** A reply to an unknown or expired id is accepted and dropped. */
    reply(deviceName: string, id: number, reply: Json): void {
      callsOf(deviceName).pending.get(id)?.settle(reply);
    },
    /** The device actor starts again: ids begin at 0; open calls run into their time-outs. */
    forget: () => calls.clear(),
    /** The sandbox ends: nobody waits any longer. */
    abandon(): void {
      for (const pending of [...open]) pending.fail("the sandbox was stopped");
    },
  };
}

export type ServerRpc = ReturnType<typeof createServerRpc>;
