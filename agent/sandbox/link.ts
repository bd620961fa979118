import type { Clock } from "../ports.ts";
import { type OpenCarrier, openUdp } from "./carrier.ts";
import type { Chance } from "./chance.ts";
import type { Counters } from "./counters.ts";
import type { FaultSwitches } from "./faults.ts";
import type { Peer } from "./peer.ts";

export interface LinkDeps {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly faults: FaultSwitches;
  readonly counters: Counters;
  /** Default: a UDP socket. */
  readonly openCarrier?: OpenCarrier;
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

/** The carrier of datagrams, and the bad network in front of it. Rejects with the system's error. */
export async function openLink(deps: LinkDeps): Promise<Link> {
  const { host, port, clock, chance, faults, counters, openCarrier = openUdp } = deps;
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

  const received = (datagram: Uint8Array, peer: Peer) => {
    counters.datagramsIn++;
    // Nobody can be answered there.
    if (peer.port === 0) return;
    if (datagram.length > LARGEST_DATAGRAM) return void counters.oversized++;
    travel(
      faults.now().lossUp,
      () => deps.lost(datagram, peer),
      () => deps.received(new Uint8Array(datagram), peer),
    );
  };
  // Loopback reports a closed peer port as an error of our socket; the message layer copes with silence.
  const failed = () => void counters.socketErrors++;
  const carrier = await openCarrier({ host, port, received, failed });

  return {
    port: carrier.port,
    send(datagram: Uint8Array, peer: Peer): void {
      travel(
        faults.now().lossDown,
        () => undefined,
        () => {
          if (!open) return;
          counters.datagramsOut++;
          carrier.send(datagram, peer);
        },
      );
    },
    async close(): Promise<void> {
      open = false;
      await carrier.close();
    },
  };
}
