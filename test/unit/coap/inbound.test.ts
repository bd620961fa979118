import { expect, it } from "vitest";
import { decode } from "../../../agent/coap/decode.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { coapRig, GET } from "./rig.ts";
import { type Script, type Sent, write } from "./scripted-network.ts";

const quiet = { outstanding: 0, queued: 0, observations: 0 };

/** A client with one request in flight, and what it replied to each message of the peer. */
async function inFlight() {
  const rig = coapRig();
  const ending = rig.start();
  await rig.clock.settle();
  const { socket } = rig.network;
  const request = socket.sent[0];
  if (!request) throw new Error("nothing was sent");
  const replies = (message: Script | Uint8Array) => {
    const before = socket.sent.length;
    socket.deliver(message);
    return socket.sent.slice(before).map(({ type, code, mid }) => `${type} ${code} ${mid}`);
  };
  return { ...rig, ending, request, replies };
}

const response = (request: Sent, more: Partial<Script> = {}): Script => ({
  type: "CON",
  code: "2.05",
  mid: 500,
  token: request.token,
  ...more,
});

it("acknowledges a response in the turn in which it came", async () => {
  const { request, replies } = await inFlight();
  expect(replies(response(request))).toEqual(["ACK 0.00 500"]);
});

it("acknowledges a repeated response again and delivers it once", async () => {
  const { request, replies, clock, ending, client } = await inFlight();
  replies(response(request, { payload: "once" }));
  await clock.settle();
  const delivered = ending.now;
  await clock.advance(200_000);
  expect(replies(response(request, { payload: "once" }))).toEqual(["ACK 0.00 500"]);
  await clock.settle();
  expect(ending.now).toBe(delivered);
  expect(client.stats()).toMatchObject({ acksSent: 2, late: 1 });
});

it("drops a repeated NON without a word", async () => {
  const { request, replies, client } = await inFlight();
  expect(replies(response(request, { type: "NON" }))).toEqual([]);
  expect(replies(response(request, { type: "NON" }))).toEqual([]);
  expect(client.stats()).toMatchObject({ late: 1, deduplicated: 0 });
});

it("takes the same message ID with other bytes for another message", async () => {
  const { request, replies, client } = await inFlight();
  replies(response(request, { payload: "one" }));
  expect(replies(response(request, { payload: "two" }))).toEqual(["ACK 0.00 500"]);
  expect(client.stats()).toMatchObject({ duplicates: 0, late: 1 });
});

it.each([
  ["a piggybacked response twice", { type: "ACK", code: "2.05" }],
  ["an empty ACK twice", { type: "ACK", code: "0.00", token: undefined }],
] as const)("stays silent on %s", async (_name, more) => {
  const { request, replies } = await inFlight();
  const message = { ...response(request), ...more, mid: request.mid } as Script;
  expect([...replies(message), ...replies(message)]).toEqual([]);
});

it("stays silent on ACK and RST that fit nothing", async () => {
  const { request, replies, ending, clock, client } = await inFlight();
  const foreign = (request.mid + 1) & 0xffff;
  expect(replies({ type: "ACK", mid: foreign })).toEqual([]);
  expect(replies({ type: "RST", mid: foreign })).toEqual([]);
  expect(replies(response(request, { type: "ACK", mid: foreign }))).toEqual([]);
  expect(
    replies({ type: "ACK", code: "2.05", mid: request.mid, token: Uint8Array.of(1, 2) }),
  ).toEqual([]);
  await clock.settle();
  expect(ending.now).toBeUndefined();
  expect(client.stats().ignored).toBe(4);
});

it("goes on retransmitting after an ACK with the wrong token", async () => {
  const { request, replies, clock, network } = await inFlight();
  replies({ type: "ACK", code: "2.05", mid: request.mid, token: Uint8Array.of(1) });
  await clock.until(() => network.socket.sent.length === 2);
  expect(network.socket.sent[1]?.bytes).toEqual(request.bytes);
});

it("resets what no client is sent, and every unknown CON", async () => {
  const { replies, client } = await inFlight();
  expect(replies({ type: "CON", mid: 1 })).toEqual(["RST 0.00 1"]);
  expect(replies({ type: "CON", code: "0.01", mid: 2 })).toEqual(["RST 0.00 2"]);
  expect(replies({ type: "CON", code: "2.05", mid: 3, token: Uint8Array.of(9) })).toEqual([
    "RST 0.00 3",
  ]);
  expect(replies({ type: "CON", code: "7.01", mid: 4 })).toEqual(["RST 0.00 4"]);
  expect(replies({ type: "NON", code: "2.05", mid: 5, token: Uint8Array.of(9) })).toEqual([]);
  expect(client.stats().resetsSent).toBe(4);
});

it("acknowledges and drops what comes after the deadline, for 247 s", async () => {
  const { request, replies, clock, ending, client } = await inFlight();
  await clock.advance(30_000);
  expect(ending.now).toMatchObject({ failure: "timeout" });
  expect(replies(response(request))).toEqual(["ACK 0.00 500"]);
  expect(client.stats()).toMatchObject({ ...quiet, late: 1, retiredTokens: 1 });
  await clock.advance(247_000);
  expect(client.stats()).toMatchObject({ retiredTokens: 0, deduplicated: 0 });
  expect(replies(response(request, { mid: 501 }))).toEqual(["RST 0.00 501"]);
});

it("fails a request whose response has an unknown critical option, and resets the response", async () => {
  const { request, replies, clock, ending } = await inFlight();
  expect(replies(response(request, { options: { 9: 1 } }))).toEqual(["RST 0.00 500"]);
  expect(replies(response(request, { options: { 9: 1 } }))).toEqual(["RST 0.00 500"]);
  await clock.settle();
  expect(ending.now).toMatchObject({
    failure: "rejected",
    kind: "rejected",
    message: "the answer of 192.0.2.1:5683 cannot be used: unsupported option 9",
  });
});

it("resets a malformed CON and goes on waiting", async () => {
  const { replies, clock, ending, client } = await inFlight();
  expect(replies(Uint8Array.fromHex("40450102ff"))).toEqual(["RST 0.00 258"]);
  expect(replies(Uint8Array.fromHex("60450102ff"))).toEqual([]);
  await clock.settle();
  expect(ending.now).toBeUndefined();
  expect(client.stats().malformed).toBe(2);
});

it("bounds what it remembers of CONs on a finished token", async () => {
  const { request, replies, client } = await inFlight();
  for (let mid = 0; mid < 3_000; mid++) replies(response(request, { mid, payload: `${mid}` }));
  expect(client.stats().deduplicated).toBe(1_024);
});

it.each(["NON", "CON"] as const)("remembers nothing of a flood of unknown %s", async (type) => {
  const { replies, client } = await inFlight();
  for (let mid = 0; mid < 3_000; mid++)
    replies({ type, code: "2.05", mid, token: Uint8Array.of(mid & 255) });
  expect(client.stats()).toMatchObject({ deduplicated: 0, retiredTokens: 0 });
});

it("acknowledges a late CON again although its token was forgotten meanwhile", async () => {
  const { request, replies, clock } = await inFlight();
  replies(response(request));
  await clock.advance(200_000);
  expect(replies(response(request, { mid: 501 }))).toEqual(["ACK 0.00 501"]);
  await clock.advance(60_000);
  expect(replies(response(request, { mid: 501 }))).toEqual(["ACK 0.00 501"]);
  expect(replies(response(request, { mid: 502 }))).toEqual(["RST 0.00 502"]);
});

it("survives 3000 mutated datagrams with live tokens and still completes", async () => {
  const seed = 20_261_122;
  const random = seededRandom(seed);
  const { request, replies, clock, start, network } = await inFlight();
  const models = [
    response(request, { options: { Observe: 5, ETag: 1, Block2: 0x1e }, payload: "payload" }),
    response(request, { type: "ACK", mid: request.mid, options: { "Max-Age": 60 } }),
    { type: "CON", mid: 1 } as const,
  ].map(write);
  for (let round = 0; round < 3_000; round++) {
    const bytes = Uint8Array.from(models[round % models.length] ?? []);
    for (let flips = 0; flips < 3; flips++)
      bytes[Math.floor(random.fraction() * bytes.length)] = Math.floor(random.fraction() * 256);
    const cut = random.fraction() < 0.2 ? Math.floor(random.fraction() * bytes.length) : undefined;
    const mutated = bytes.subarray(0, cut);
    expect(() => replies(mutated), `seed ${seed}, ${mutated.toHex()}`).not.toThrow();
    const decoded = decode(mutated);
    if (!decoded.ok) expect(decoded.reason).not.toBe("");
  }
  const { socket } = network;
  const next = start(GET);
  await clock.until(() => socket.sent.at(-1)?.code === "0.01" || next.now !== undefined);
  network.onSent = (sent) =>
    sent.code === "0.01" && socket.deliver(response(sent, { mid: 65_000 }));
  await clock.until(() => next.now !== undefined);
  expect(next.now, `seed ${seed}`).toMatchObject({ code: "2.05" });
});
