import type { Clock } from "../ports.ts";
import type { Chance } from "./chance.ts";
import type { Delivery } from "./observations.ts";
import type { Peer } from "./peer.ts";
import { ACK_RANDOM_FACTOR, MAX_RETRANSMIT } from "./times.ts";

export interface ConfirmablesDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly ackTimeoutMs: number;
  send(datagram: Uint8Array, peer: Peer): void;
  retransmitted(): void;
  /** Nobody acknowledged, after the last retransmission. */
  timedOut(peer: Peer): void;
}

interface Waiting {
  timer: Disposable;
  settle(delivery: Delivery): void;
}

/** Our confirmable messages until they are acknowledged, reset or given up (RFC 7252 §4.2). */
export function createConfirmables(deps: ConfirmablesDeps) {
  const waiting = new Map<string, Waiting>();
  const keyOf = (peer: Peer, messageId: number) => `${peer.key} ${messageId}`;
  const settle = (peer: Peer, messageId: number, delivery: Delivery): boolean => {
    const key = keyOf(peer, messageId);
    const message = waiting.get(key);
    if (!message) return false;
    message.timer[Symbol.dispose]();
    waiting.delete(key);
    message.settle(delivery);
    return true;
  };

  return {
    /** The first transmission is the caller's. */
    track(datagram: Uint8Array, messageId: number, peer: Peer, settled: Waiting["settle"]): void {
      const jitter = 1 + deps.chance.fraction() * (ACK_RANDOM_FACTOR - 1);
      let waitMs = deps.ackTimeoutMs * jitter;
      let retransmissions = 0;
      const arm = (): Disposable =>
        deps.clock.after(waitMs, () => {
          if (retransmissions === MAX_RETRANSMIT) {
            settle(peer, messageId, "timeout");
            deps.timedOut(peer);
            return;
          }
          retransmissions++;
          waitMs *= 2;
          message.timer = arm();
          deps.retransmitted();
          deps.send(datagram, peer);
        });
      const message: Waiting = { timer: arm(), settle: settled };
      waiting.set(keyOf(peer, messageId), message);
    },
    acknowledged: (peer: Peer, messageId: number) => settle(peer, messageId, "acknowledged"),
    reset: (peer: Peer, messageId: number) => settle(peer, messageId, "reset"),
    forget() {
      for (const { timer } of waiting.values()) timer[Symbol.dispose]();
      waiting.clear();
    },
  };
}
