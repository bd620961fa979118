import type { Clock, Random } from "../../agent/ports.ts";

/** What a link does to datagrams in one direction. Chances are in [0, 1]. */
export interface LinkFaults {
  readonly loss: number;
  readonly duplicate: number;
  /** Chance to be held for `holdMs`, so that later datagrams overtake it. */
  readonly reorder: number;
  readonly holdMs: number;
  /** Chance that one bit is flipped (a UDP checksum would catch it; a broken middlebox rewrites that). */
  readonly corrupt: number;
  readonly delayMs: number;
  /** Added to the delay, uniform in [0, jitterMs). */
  readonly jitterMs: number;
}

export const cleanLink: LinkFaults = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  holdMs: 30,
  corrupt: 0,
  delayMs: 0,
  jitterMs: 0,
};

export interface LinkStats {
  /** Datagrams handed to the link. */
  taken: number;
  dropped: number;
  duplicated: number;
  held: number;
  corrupted: number;
}

type Matches = (datagram: Uint8Array) => boolean;

export interface FaultyLink extends Disposable {
  /** Delivers a copy on a later turn: once, twice, late, damaged, or never. */
  carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void;
  setFaults(faults: Partial<LinkFaults>): void;
  /** The next `count` datagrams that match are lost, whatever the chances say. */
  dropNext(count?: number, matches?: Matches): void;
  readonly stats: Readonly<LinkStats>;
}

/** One direction of a bad network, repeatable from the seed of `random`. */
export function faultyLink(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults?: Partial<LinkFaults>;
}): FaultyLink {
  const { clock, random } = deps;
  let faults: LinkFaults = { ...cleanLink, ...deps.faults };
  let doomed: { left: number; readonly matches: Matches }[] = [];
  const inFlight = new Set<Disposable>();
  const stats: LinkStats = { taken: 0, dropped: 0, duplicated: 0, held: 0, corrupted: 0 };

  const happens = (chance: number) => chance > 0 && random.fraction() < chance;
  const isDoomed = (datagram: Uint8Array) => {
    const doom = doomed.find(({ matches }) => matches(datagram));
    if (!doom) return false;
    doom.left--;
    doomed = doomed.filter(({ left }) => left > 0);
    return true;
  };
  const send = (bytes: Uint8Array, deliver: (datagram: Uint8Array) => void) => {
    const datagram = Uint8Array.from(bytes);
    if (datagram.length > 0 && happens(faults.corrupt)) {
      stats.corrupted++;
      const bit = Math.floor(random.fraction() * datagram.length * 8);
      datagram[bit >> 3] = (datagram[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
    const held = happens(faults.reorder);
    if (held) stats.held++;
    const jitterMs = faults.jitterMs > 0 ? random.fraction() * faults.jitterMs : 0;
    const timer = clock.after(faults.delayMs + jitterMs + (held ? faults.holdMs : 0), () => {
      inFlight.delete(timer);
      deliver(datagram);
    });
    inFlight.add(timer);
  };

  return {
    stats,
    carry(datagram, deliver) {
      stats.taken++;
      if (isDoomed(datagram) || happens(faults.loss)) {
        stats.dropped++;
        return;
      }
      send(datagram, deliver);
      if (!happens(faults.duplicate)) return;
      stats.duplicated++;
      send(datagram, deliver);
    },
    setFaults(changed) {
      faults = { ...faults, ...changed };
    },
    dropNext(count = 1, matches = () => true) {
      doomed.push({ left: count, matches });
    },
    [Symbol.dispose]() {
      for (const timer of inFlight) timer[Symbol.dispose]();
      inFlight.clear();
    },
  };
}
