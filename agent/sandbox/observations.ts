import type { Requester } from "./answer.ts";
import type { Peer } from "./peer.ts";

export type Subject = "attributes" | "rpc";

/** What became of a confirmable notification. */
export type Delivery = "acknowledged" | "reset" | "timeout";

export interface Notification {
  readonly code: "2.05" | "2.02";
  readonly payload: string;
  readonly observe: number;
}

/** One observation: who observes what. The peer and its CoAP token identify it. */
export interface Relation extends Requester {
  readonly device: string;
  readonly subject: Subject;
}

interface Live {
  readonly relation: Relation;
  /** False after a registration that was answered 5.00: ThingsBoard remembers its token all the same. */
  established: boolean;
  counter: number;
  inTransit: boolean;
  waiting: Notification | null;
}

export interface ObservationsDeps {
  send(relation: Relation, notification: Notification, settled: (delivery: Delivery) => void): void;
}

/** At most one observation per device and subject, kept in memory only. */
export function createObservations({ send }: ObservationsDeps) {
  const live = new Map<string, Live>();
  const keyOf = (device: string, subject: Subject) => `${subject} ${device}`;
  const isFrom = (relation: Relation, { peer, coapToken }: Requester) =>
    relation.peer.key === peer.key && relation.coapToken === coapToken;

  const transmit = (observation: Live, notification: Notification) => {
    observation.inTransit = observation.relation.confirmable;
    send(observation.relation, notification, (delivery) => {
      if (delivery === "reset") remove(observation);
      if (delivery !== "acknowledged") return;
      observation.inTransit = false;
      const next = observation.waiting;
      observation.waiting = null;
      if (next) transmit(observation, next);
    });
  };
  const remove = (observation: Live) => {
    observation.waiting = null;
    const key = keyOf(observation.relation.device, observation.relation.subject);
    if (live.get(key) === observation) live.delete(key);
  };
  /** 2.02 to whoever observed: its registration is over. */
  const end = (observation: Live) => {
    remove(observation);
    if (!observation.established) return;
    const observe = ++observation.counter;
    send(observation.relation, { code: "2.02", payload: "", observe }, () => undefined);
  };

  return {
    /** False: this very token is taken for registered already, and gets no answer. */
    begin(relation: Relation): boolean {
      const key = keyOf(relation.device, relation.subject);
      const former = live.get(key);
      const again = former !== undefined && isFrom(former.relation, relation);
      if (again && !former.established) return false;
      if (former && !again) end(former);
      live.set(key, {
        relation,
        established: false,
        counter: 0,
        inTransit: false,
        waiting: null,
      });
      return true;
    },
    /** The registration was answered with success: notifications may follow. */
    establish({ device, subject }: Pick<Relation, "device" | "subject">): void {
      const observation = live.get(keyOf(device, subject));
      if (observation) observation.established = true;
    },
    /** Numbers count even what is never sent. False when nobody observes. */
    notify(device: string, subject: Subject, payload: string): boolean {
      const observation = live.get(keyOf(device, subject));
      if (!observation?.established) return false;
      const notification = { code: "2.05", payload, observe: ++observation.counter } as const;
      // One confirmable notification is in transit; of those behind it only the newest is kept.
      if (observation.inTransit) observation.waiting = notification;
      else transmit(observation, notification);
      return true;
    },
    cancel(device: string, subject: Subject, from: Requester): void {
      const observation = live.get(keyOf(device, subject));
      if (observation && isFrom(observation.relation, from)) remove(observation);
    },
    /** A confirmable message to this address was never acknowledged. */
    cancelPeer(peer: Peer): void {
      for (const observation of [...live.values()]) {
        if (observation.relation.peer.key === peer.key) remove(observation);
      }
    },
    /** The device lost its session: both of its observations get 2.02. */
    endDevice(device: string): void {
      for (const observation of [...live.values()]) {
        if (observation.relation.device === device) end(observation);
      }
    },
    of: (device: string): readonly Subject[] =>
      [...live.values()]
        .filter(({ relation, established }) => established && relation.device === device)
        .map(({ relation }) => relation.subject),
    forget: () => live.clear(),
  };
}

export type Observations = ReturnType<typeof createObservations>;
