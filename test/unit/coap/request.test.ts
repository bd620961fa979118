import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { CoapError } from "../../../agent/coap/coap-error.ts";
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

it("leaves no listener on the caller's signal", async () => {
  const { ask, answerWith } = coapRig();
  const { signal } = new AbortController();
  answerWith(() => ({}));
  await ask(GET, signal);
  answerWith(() => undefined);
  await ask(GET, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
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
