import type { Json } from "../ports.ts";
import type { Feature } from "./path.ts";
import type { Peer } from "./peer.ts";
import type { Message } from "./wire.ts";

/** A request as the device API sees it: already reassembled and split. */
export interface DeviceRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: readonly string[];
  readonly payload: Uint8Array;
  readonly contentFormat: number | null;
  readonly observe: number | null;
  readonly from: Requester;
}

/** Who asked: with the CoAP token, the identity of an observation. */
export interface Requester {
  readonly peer: Peer;
  readonly coapToken: string;
  readonly confirmable: boolean;
  /** The message itself: notifications answer it again and again. */
  readonly request: Message;
}

export interface Answer {
  readonly code: string;
  readonly payload?: Uint8Array;
  readonly contentFormat?: number;
  readonly observe?: number;
  /**
   * True where ThingsBoard sets the type of the response itself: to a confirmable request it is a CON of its
   * own, not announced by an empty ACK. Otherwise its stack piggybacks the answer.
   */
  readonly explicit?: boolean;
  /** Time that ThingsBoard's core needs before it answers. */
  readonly delayMs?: number;
  /** Runs once the answer is on its way. */
  after?(): void;
}

/** "silent": ThingsBoard never answers this, it only acknowledges it after 500 ms. */
export type Outcome = Answer | "silent";

/** What an event tells about a request; never a token or a secret. */
export interface About {
  readonly feature: Feature | null;
  readonly device: string | null;
  /** Key-value pairs in the request. */
  readonly points: number;
  /** The first few of them. */
  readonly values: readonly (readonly [key: string, value: Json])[];
}

export const nothingKnown: About = { feature: null, device: null, points: 0, values: [] };
