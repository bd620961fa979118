import type { Clock, Json, Random, Readings, SocketAddress } from "../../agent/ports.ts";
import { type CoapMessage, codes, decode, encode, pathOf, textBytes } from "./coap-bytes.ts";
import type { MemoryNetwork, Reply } from "./memory-network.ts";

/** EXCHANGE_LIFETIME (RFC 7252 §4.8.2): how long Californium takes a message ID for a repetition. */
const REMEMBERED_MS = 247_000;
const ACK_TIMEOUT_MS = 2_000;
const MAX_RETRANSMIT = 4;
const KEY = "k";
const SECRET = "s";

/** "broken": 5.00 without payload to everything, now and then after the deed; "away": not there, the kernel says ECONNREFUSED. */
export type ServerMood = "well" | "broken" | "silent" | "away";

export interface MemoryThingsBoard {
  /** One more address leads to it, until disposed. */
  listen(address: SocketAddress): Disposable;
  be(mood: ServerMood): void;
  /** Forgets message IDs, and what it was about to answer. */
  restart(): void;
  /** The way back of all that was asked before is closed, and the client comes from another port. */
  rebind(): void;
  /** Token by device name. */
  readonly devices: Map<string, string>;
  /** Requests for this were processed, repetitions not counted. */
  readonly processed: Readonly<Record<string, number>>;
}

interface Answer {
  readonly code: string;
  readonly payload: Uint8Array;
}

/**
 * ThingsBoard's CoAP API on the network in memory: provisions with key "k" and secret "s", takes telemetry and attributes, and
 * answers in every legal form (RFC 7252 §5.2) by chance, late by up to `slowMs`. Keeps nothing of what it is told: `store` is
 * handed each sample, at least once.
 */
export function memoryThingsBoard(deps: {
  readonly network: MemoryNetwork;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: (ts: number, values: Readings) => void;
  readonly slowMs?: number;
}): MemoryThingsBoard {
  const { network, clock, random, store, slowMs = 0 } = deps;
  const devices = new Map<string, string>();
  const processed: Record<string, number> = {};
  /** Null: not there. */
  const listeners = new Map<SocketAddress, Disposable | null>();
  /** By the client's port and message ID. */
  const remembered = new Map<string, { readonly untilMs: number; readonly repeat: () => void }>();
  /** Confirmable answers that wait for their ACK. */
  const unacknowledged = new Map<number, Disposable>();
  let mood: ServerMood = "well";
  let epoch = 0;
  let ownMid = Math.floor(random.fraction() * 65_536);

  const provision = (body: Readonly<Record<string, Json>>): Answer => {
    const { deviceName, provisionDeviceKey, provisionDeviceSecret, token } = body;
    if (provisionDeviceKey !== KEY || provisionDeviceSecret !== SECRET)
      return json("4.00", { errorMsg: "Provision data was not found!", status: "NOT_FOUND" });
    if (typeof deviceName !== "string" || typeof token !== "string" || devices.has(deviceName))
      return json("4.00", { errorMsg: "Failed to provision device!", status: "FAILURE" });
    devices.set(deviceName, token);
    const credentials = { credentialsValue: token, credentialsType: "ACCESS_TOKEN" };
    return json("2.01", { ...credentials, status: "SUCCESS" });
  };

  const deed = (request: CoapMessage): Answer => {
    const path = pathOf(request).split("/");
    const feature = path.at(-1) ?? "";
    processed[feature] = (processed[feature] ?? 0) + 1;
    const text = utf8.decode(request.payload);
    if (feature === "provision") return provision(JSON.parse(text));
    if (![...devices.values()].includes(path[2] ?? "")) return bare("4.01");
    if (request.code === codes.GET) return bare("4.04");
    if (feature !== "telemetry") return bare("2.01");
    const body: SentSample | readonly SentSample[] = JSON.parse(text);
    for (const { ts, values } of Array.isArray(body) ? body : [body]) store(ts, values);
    return bare("2.01");
  };

  const answerTo = (request: CoapMessage): Answer => {
    if (mood !== "broken") return deed(request);
    // Part of a message may have been queued before its rate limit struck.
    if (random.fraction() < 0.2) deed(request);
    return bare("5.00");
  };

  /** The same datagram after 2 s, 4 s, 8 s, 16 s until its ACK. */
  const confirm = (bytes: Uint8Array, mid: number, send: Reply, count = 0) => {
    send(bytes);
    const timer = clock.after(ACK_TIMEOUT_MS * 2 ** count, () => {
      unacknowledged.delete(mid);
      if (count < MAX_RETRANSMIT) confirm(bytes, mid, send, count + 1);
    });
    unacknowledged.get(mid)?.[Symbol.dispose]();
    unacknowledged.set(mid, timer);
  };

  /** Sends it in one of the legal forms; returns what a repetition of the request is met with. */
  const deliver = (request: CoapMessage, answer: Answer, send: Reply): (() => void) => {
    const { mid, token } = request;
    const emptyAck = encode({ type: "ACK", code: "0.00", mid });
    const form = Math.floor(random.fraction() * 4);
    if (form === 0) {
      const bytes = encode({ type: "ACK", mid, token, ...answer });
      send(bytes);
      return () => send(bytes);
    }
    const own = ownMid++ & 0xffff;
    const bytes = encode({ type: "CON", mid: own, token, ...answer });
    const lateMs = form === 1 ? random.fraction() * slowMs : 0;
    if (form === 1) send(emptyAck);
    const given = epoch;
    clock.after(lateMs, () => {
      if (given !== epoch) return;
      confirm(bytes, own, send);
      if (form === 3) send(emptyAck);
    });
    return () => send(emptyAck);
  };

  const forgetOld = () => {
    for (const [key, { untilMs }] of remembered) {
      if (untilMs > clock.monotonic()) return;
      remembered.delete(key);
    }
  };

  const hear = (datagram: Uint8Array, reply: Reply, from: SocketAddress) => {
    // Throws when our client has sent something malformed: that fails the test, loudly.
    const request = decode(datagram);
    if (mood === "silent") return;
    if (request.code === "0.00") {
      if (request.type === "CON")
        return reply(encode({ type: "RST", code: "0.00", mid: request.mid }));
      unacknowledged.get(request.mid)?.[Symbol.dispose]();
      unacknowledged.delete(request.mid);
      return;
    }
    const given = epoch;
    const send: Reply = (bytes) => {
      if (given === epoch) reply(bytes);
    };
    const key = `${epoch} ${from.port} ${request.mid}`;
    forgetOld();
    const before = remembered.get(key);
    if (before !== undefined) return before.repeat();
    const repeat = deliver(request, answerTo(request), send);
    remembered.set(key, { untilMs: clock.monotonic() + REMEMBERED_MS, repeat });
  };

  const open = () => {
    for (const [address, listener] of listeners)
      listeners.set(address, listener ?? network.listen(address, hear));
  };
  const close = () => {
    for (const [address, listener] of listeners) {
      listener?.[Symbol.dispose]();
      listeners.set(address, null);
    }
  };
  const restart = () => {
    epoch++;
    remembered.clear();
    for (const timer of unacknowledged.values()) timer[Symbol.dispose]();
    unacknowledged.clear();
  };

  return {
    devices,
    processed,
    listen(address) {
      listeners.set(address, null);
      if (mood !== "away") open();
      return {
        [Symbol.dispose]() {
          listeners.get(address)?.[Symbol.dispose]();
          listeners.delete(address);
        },
      };
    },
    be(next) {
      mood = next;
      if (mood === "away") close();
      else open();
    },
    restart,
    // To the server, a new port is a new client; to the client, answers to the old one never come.
    rebind: restart,
  };
}

interface SentSample {
  readonly ts: number;
  readonly values: Readings;
}

const utf8 = new TextDecoder();
const none = new Uint8Array();
const bare = (code: string): Answer => ({ code, payload: none });
const json = (code: string, body: object): Answer => ({
  code,
  payload: textBytes(JSON.stringify(body)),
});
