import { expect } from "vitest";
import { type CoapRig, coapRig, outcomeOf } from "../support/coap-rig.ts";
import type { Heard } from "../support/scripted-peer.ts";
import { proof } from "./proof.ts";

/** One way; the answer that travels it completes the request on its arrival. */
const DELAY_MS = 50;
const CREATED = { code: "2.01" };

interface Form {
  readonly name: string;
  /** Answers the one request; resolves to when the answer that counts was sent. */
  readonly answer: (rig: CoapRig, request: Heard) => Promise<number>;
  readonly confirmable?: false;
  /** That the server must hear: one for every copy of a confirmable answer, but for those that are lost. */
  readonly acks: number;
}

const now = (rig: CoapRig) => rig.clock.monotonic();

const forms: readonly Form[] = [
  {
    name: "in the ACK",
    acks: 0,
    async answer(rig, request) {
      rig.peer.piggyback(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "an empty ACK, then CON",
    acks: 1,
    async answer(rig, request) {
      rig.peer.emptyAck(request);
      await rig.clock.advance(8_000);
      rig.peer.confirmable(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "an empty ACK, then NON",
    acks: 0,
    async answer(rig, request) {
      rig.peer.emptyAck(request);
      await rig.clock.advance(8_000);
      rig.peer.nonConfirmable(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "CON with no ACK before it, as ThingsBoard does",
    acks: 1,
    async answer(rig, request) {
      rig.peer.confirmable(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "CON, and the empty ACK after it",
    acks: 1,
    async answer(rig, request) {
      rig.peer.confirmable(request, CREATED);
      rig.peer.emptyAck(request);
      return now(rig);
    },
  },
  {
    name: "the first answer is lost, the repeated request is answered again",
    acks: 0,
    async answer(rig, request) {
      rig.network.down.dropNext();
      const bytes = rig.peer.piggyback(request, CREATED);
      const repeated = await rig.peer.next();
      expect(repeated.bytes).toEqual(request.bytes);
      rig.peer.raw(repeated, bytes);
      return now(rig);
    },
  },
  {
    name: "CON after a lost empty ACK",
    acks: 1,
    async answer(rig, request) {
      rig.network.down.dropNext();
      rig.peer.emptyAck(request);
      await rig.peer.next();
      rig.peer.confirmable(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "CON that is repeated, since our ACK is lost",
    acks: 1,
    async answer(rig, request) {
      const sentMs = now(rig);
      const bytes = rig.peer.confirmable(request, CREATED);
      rig.network.up.dropNext();
      await rig.clock.advance(2_000);
      rig.peer.raw(request, bytes);
      return sentMs;
    },
  },
  {
    name: "NON to NON",
    confirmable: false,
    acks: 0,
    async answer(rig, request) {
      rig.peer.nonConfirmable(request, CREATED);
      return now(rig);
    },
  },
  {
    name: "CON to NON",
    confirmable: false,
    acks: 1,
    async answer(rig, request) {
      rig.peer.confirmable(request, CREATED);
      return now(rig);
    },
  },
];

proof(
  13,
  "each legal form of an answer completes its request on arrival",
  async ({ seed, count }) => {
    const rounds = count(100);
    for (const form of forms) await exchangesOf(form, seed, rounds);
    return `${forms.length} forms, ${rounds} requests each: all complete on arrival, all asked once, every CON acknowledged`;
  },
);

async function exchangesOf({ name, answer, acks, ...form }: Form, seed: number, rounds: number) {
  const { confirmable = true } = form;
  const rig = coapRig({ seed });
  rig.network.up.setFaults({ delayMs: DELAY_MS });
  rig.network.down.setFaults({ delayMs: DELAY_MS });
  /** A server that tells repetitions by their message ID processes each of these once. */
  const messageIds = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    let settledMs = Number.NaN;
    const path = ["telemetry"];
    const request = rig.client.request({ method: "POST", path, confirmable }, rig.abort.signal);
    const asked = outcomeOf(
      request.finally(() => {
        settledMs = now(rig);
      }),
    );
    const heard = await rig.peer.next();
    messageIds.add(heard.mid);
    const sentMs = await answer(rig, heard);
    const after = await rig.peer.during(2_000);
    expect(asked.value?.code, name).toBe("2.01");
    expect(settledMs - sentMs, name).toBeLessThanOrEqual(DELAY_MS);
    for (const { type, mid } of after) if (type === "CON") messageIds.add(mid);
    expect(after.filter(({ type }) => type === "ACK").length, name).toBe(acks);
    expect(
      after.filter(({ type }) => type === "RST"),
      name,
    ).toEqual([]);
  }
  expect(messageIds.size, name).toBe(rounds);
  await rig.expectTablesEmpty();
}
