import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { actsWaiting } from "../../../agent/aborting.ts";
import { CoapError } from "../../../agent/coap/coap-error.ts";
import type { CoapRequest } from "../../../agent/ports.ts";
import { coapRig, GET, never } from "./rig.ts";

const quiet = { outstanding: 0, queued: 0, observations: 0 };

it("takes a piggybacked response", async () => {
  const { ask, answerWith, client, network } = coapRig();
  answerWith(() => ({ payload: '{"a":1}', options: { "Content-Format": 50 } }));
  const response = await ask({ method: "GET", path: ["api", "v1"], query: ["sharedKeys=a,b"] });
  expect(response).toMatchObject({ code: "2.05", contentFormat: 50 });
  expect(network.socket.sent).toHaveLength(1);
  expect(network.socket.sent[0]).toMatchObject({ type: "CON", code: "0.01", path: "api/v1" });
  expect(client.stats()).toMatchObject({ ...quiet, sent: 1, acksSent: 0, retransmissions: 0 });
});

it("takes a separate response after an empty ACK, and acknowledges it", async () => {
  const { start, clock, network, client } = coapRig();
  const ending = start();
  await clock.settle();
  const { socket } = network;
  const [request] = socket.sent;
  if (!request) throw new Error("nothing was sent");
  socket.deliver({ type: "ACK", mid: request.mid });
  await clock.advance(20_000);
  expect(socket.sent).toHaveLength(1);
  socket.deliver({ type: "CON", code: "2.05", mid: 9, token: request.token, payload: "late" });
  expect(socket.sent[1]).toMatchObject({ type: "ACK", code: "0.00", mid: 9 });
  await clock.settle();
  expect(ending.now).toMatchObject({ code: "2.05" });
  expect(client.stats()).toMatchObject(quiet);
});

it("takes a separate response without an ACK as the ACK: ThingsBoard's normal answer", async () => {
  const { ask, clock, client, network, answerWith } = coapRig();
  answerWith(() => ({ type: "CON", code: "2.01", mid: 9 }));
  expect(await ask()).toMatchObject({ code: "2.01" });
  await clock.advance(60_000);
  expect(network.socket.sent.map(({ type }) => type)).toEqual(["CON", "ACK"]);
  expect(client.stats()).toMatchObject({ ...quiet, acksSent: 1, retiredTokens: 1 });
});

it.each([
  ["a content format above 65535", { contentFormat: 65_536 }, "the content format 65536 is not"],
  ["a content format below 0", { contentFormat: -1 }, "the content format -1 is not"],
  ["half a content format", { contentFormat: 0.5 }, "the content format 0.5 is not"],
  ["a deadline of nothing", { deadlineMs: 0 }, "the deadline of 0 ms is not"],
  ["a deadline in the past", { deadlineMs: -5 }, "the deadline of -5 ms is not"],
  ["a deadline that is no number", { deadlineMs: Number.NaN }, "the deadline of NaN ms is not"],
  ["no method of CoAP", { method: "PATCH" }, '"PATCH" is not a CoAP method'],
  ["a property of every object", { method: "toString" }, '"toString" is not a CoAP method'],
  ["a path segment of 256 bytes", { path: ["s".repeat(256)] }, "a path segment has 256 bytes"],
  ["a query of 256 bytes", { query: ["s".repeat(256)] }, "a query argument has 256 bytes"],
])("rejects %s before anything is sent, and says what would do", async (_name, part, text) => {
  const { ask, network, client } = coapRig();
  const payload = new Uint8Array(2_000);
  const ending = await ask({ ...GET, payload, ...part } as CoapRequest);
  expect(ending).toMatchObject({ failure: "rejected", kind: "rejected" });
  expect(ending).toMatchObject({
    message: expect.stringContaining(text),
    hint: expect.stringMatching(/./),
  });
  expect(network.sockets).toEqual([]);
  expect(client.stats()).toMatchObject({ ...quiet, sent: 0 });
});

it("accepts the content formats 0 and 65535", async () => {
  const { ask, answerWith } = coapRig();
  answerWith(() => ({}));
  for (const contentFormat of [0, 65_535])
    expect(await ask({ ...GET, payload: Uint8Array.of(1), contentFormat })).toMatchObject({
      code: "2.05",
    });
});

it("refuses a datagram of more than 2048 bytes, which ThingsBoard would drop in silence", async () => {
  const { ask, answerWith, network, client } = coapRig();
  answerWith(() => ({}));
  // Header and token are 12 bytes, each segment has 2 more: 12 + 7 * 257 + 2 + 235 = 2048.
  const path = [...Array.from({ length: 7 }, () => "s".repeat(255)), "s".repeat(235)];
  expect(await ask({ ...GET, path })).toMatchObject({ code: "2.05" });
  expect(network.socket.sent.map(({ bytes }) => bytes.length)).toEqual([2_048]);
  const ending = await ask({ ...GET, path: [...path.slice(0, 7), "s".repeat(236)] });
  expect(ending).toMatchObject({ failure: "too large", kind: "rejected", limitBytes: undefined });
  expect(network.socket.sent).toHaveLength(1);
  expect(client.stats()).toMatchObject(quiet);
});

it("does not take a request that it refused itself for a sign of life", async () => {
  const { ask, network } = coapRig();
  const path = Array.from({ length: 300 }, () => "s".repeat(255));
  await ask();
  await ask({ ...GET, path });
  await ask();
  expect(network.socket.isClosed, "two deadlines in a row").toBe(true);
});

it("is cancelled by its signal at once", async () => {
  const { start, clock, client } = coapRig();
  const controller = new AbortController();
  const ending = start(GET, controller.signal);
  await clock.settle();
  controller.abort(new Error("enough"));
  await clock.settle();
  expect(ending.now).toMatchObject({ failure: "cancelled", kind: "transient" });
  expect(client.stats()).toMatchObject(quiet);
});

it("settles at whatever moment it is cancelled", async () => {
  for (let turns = 0; turns < 40; turns++) {
    const { start, clock, client } = coapRig();
    const controller = new AbortController();
    const ending = start(GET, controller.signal);
    for (let turn = 0; turn < turns; turn++) await undefined;
    controller.abort();
    await clock.settle();
    expect(ending.now, `after ${turns} turns`).toMatchObject({ failure: "cancelled" });
    expect(client.stats()).toMatchObject(quiet);
    expect(clock.pending, `after ${turns} turns`).toBe(0);
  }
});

it("leaves one act on the first caller's signal until it is closed, and none on any other", async () => {
  const { ask, answerWith, client } = coapRig();
  const first = new AbortController().signal;
  const other = new AbortController().signal;
  for (const signal of [first, other, first, other]) {
    answerWith(() => ({}));
    await ask(GET, signal);
    answerWith(() => undefined);
    await ask(GET, signal);
  }
  expect(actsWaiting(first)).toBe(1);
  expect(actsWaiting(other)).toBe(0);
  await client[Symbol.asyncDispose]();
  expect(actsWaiting(first)).toBe(0);
  for (const signal of [first, other])
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
});

it("settles everything as cancelled on close and leaves no timer", async () => {
  const { start, clock, client } = coapRig();
  const endings = [start(), start(), start()];
  await clock.settle();
  await client[Symbol.asyncDispose]();
  await clock.settle();
  expect(endings.map(({ now }) => now instanceof CoapError && now.failure)).toEqual([
    "cancelled",
    "cancelled",
    "cancelled",
  ]);
  await expect(client.request(GET, never)).rejects.toMatchObject({ failure: "cancelled" });
  expect(clock.pending).toBe(0);
});
