import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { Clock } from "../ports.ts";
import type { Chance } from "./chance.ts";
import type { Counters } from "./counters.ts";
import type { FaultSwitches } from "./faults.ts";
import { type Peer, peerOf } from "./peer.ts";

export interface LinkDeps {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly faults: FaultSwitches;
  readonly counters: Counters;
  received(datagram: Uint8Array, peer: Peer): void;
  /** Lost by a fault before anybody saw it. */
  lost(datagram: Uint8Array, peer: Peer): void;
}

/** ThingsBoard's receive buffer: what is longer is dropped without a word. */
const LARGEST_DATAGRAM = 2_048;

export interface Link {
  readonly port: number;
  send(datagram: Uint8Array, peer: Peer): void;
  close(): Promise<void>;
}

/** The UDP socket, and the bad network in front of it. Rejects with the system's error. */
export async function openLink(deps: LinkDeps): Promise<Link> {
  const { clock, chance, faults, counters } = deps;
  const socket = createSocket(isIPv6(deps.host) ? "udp6" : "udp4");
  socket.bind(deps.port, deps.host);
  try {
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  // Loopback reports a closed peer port as an error of our socket; the message layer copes with silence.
  socket.on("error", () => void counters.socketErrors++);
  let open = true;

  const travel = (lossPercent: number, lose: () => void, arrive: () => void) => {
    const { outage, duplicate, delayMs } = faults.now();
    if (outage || chance.happens(lossPercent)) {
      counters.lostByFault++;
      return lose();
    }
    const copies = chance.happens(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (delayMs > 0) clock.after(delayMs, arrive);
      else arrive();
    }
  };

  socket.on("message", (datagram, info) => {
    counters.datagramsIn++;
    // Nobody can be answered there.
    if (info.port === 0) return;
    const peer = peerOf(info);
    if (datagram.length > LARGEST_DATAGRAM) return void counters.oversized++;
    travel(
      faults.now().lossUp,
      () => deps.lost(datagram, peer),
      () => deps.received(new Uint8Array(datagram), peer),
    );
  });

  return {
    port: socket.address().port,
    send(datagram: Uint8Array, peer: Peer): void {
      travel(
        faults.now().lossDown,
        () => undefined,
        () => {
          if (!open) return;
          counters.datagramsOut++;
          socket.send(datagram, peer.port, peer.address, (error) => {
            if (error) counters.socketErrors++;
          });
        },
      );
    },
    async close(): Promise<void> {
      open = false;
      socket.close();
      await once(socket, "close");
    },
  };
}
