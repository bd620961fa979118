import { expect, it } from "vitest";
import { coapRig, GET } from "./rig.ts";

const quiet = { outstanding: 0, queued: 0, observations: 0 };

it("retransmits the same bytes after t, 3t, 7t and 15t, then waits 16t", async () => {
  const { ask, clock, network, client } = coapRig();
  const begun = clock.monotonic();
  const ending = await ask({ ...GET, deadlineMs: 93_000 });
  expect(ending).toMatchObject({ failure: "timeout", phase: "ack", kind: "transient" });
  const { sent } = network.socket;
  const times = sent.map(({ atMs }) => atMs - begun);
  const first = times[1] ?? 0;
  expect(first).toBeGreaterThanOrEqual(2_000);
  expect(first).toBeLessThan(3_000);
  expect(times.map((ms) => Math.round(ms / first))).toEqual([0, 1, 3, 7, 15]);
  expect(Math.round((clock.monotonic() - begun) / first)).toBe(31);
  expect(new Set(sent.map(({ bytes }) => bytes.toHex())).size).toBe(1);
  expect(client.stats()).toMatchObject({ ...quiet, sent: 1, retransmissions: 4, timeouts: 1 });
});

it("draws the first wait anew for each message, from 2 s to 3 s", async () => {
  const { ask, network } = coapRig({ deadlineMs: 3_000, deadlinesBeforeReconnect: 99 });
  for (let n = 0; n < 20; n++) await ask();
  const { sent } = network.socket;
  const waits = sent.flatMap(({ atMs, mid }, index) =>
    sent[index - 1]?.mid === mid ? [atMs - (sent[index - 1]?.atMs ?? 0)] : [],
  );
  expect(waits).toHaveLength(20);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
  expect(Math.max(...waits)).toBeLessThan(3_000);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(500);
});

it("honours every transmission parameter", async () => {
  const settings = { ackTimeoutMs: 100, ackRandomFactor: 1, maxRetransmit: 2, deadlineMs: 5_000 };
  const { ask, clock, network } = coapRig(settings);
  const begun = clock.monotonic();
  await ask();
  expect(network.socket.sent.map(({ atMs }) => atMs - begun)).toEqual([0, 100, 300]);
  expect(clock.monotonic() - begun).toBe(700);
});

it("ends a silent CON at its deadline of 30 s, in words for the operator", async () => {
  const { ask, clock } = coapRig();
  const begun = clock.monotonic();
  expect(await ask()).toMatchObject({
    failure: "timeout",
    phase: "ack",
    message: "192.0.2.1:5683 did not react within 30 s: sent 4 times, never acknowledged",
  });
  expect(clock.monotonic() - begun).toBe(30_000);
});

it("ends 30 s after the first transmission when only an empty ACK came", async () => {
  const { ask, clock, network, client } = coapRig();
  network.onSent = (sent, socket) => socket.deliver({ type: "ACK", mid: sent.mid });
  const begun = clock.monotonic();
  expect(await ask()).toMatchObject({ failure: "timeout", phase: "response" });
  expect(clock.monotonic() - begun).toBe(30_000);
  expect(client.stats()).toMatchObject({ ...quiet, sent: 1, retransmissions: 0 });
});

it("never waits longer than 93 s, whatever the request says", async () => {
  const { ask, clock, network } = coapRig();
  network.onSent = (sent, socket) => socket.deliver({ type: "ACK", mid: sent.mid });
  const begun = clock.monotonic();
  await ask({ ...GET, deadlineMs: 1_000_000 });
  expect(clock.monotonic() - begun).toBe(93_000);
});

it("is not moved by a step of the wall clock", async () => {
  const { start, clock, network } = coapRig();
  const ending = start();
  await clock.settle();
  clock.stepWall(86_400_000);
  await clock.advance(1_900);
  expect(network.socket.sent).toHaveLength(1);
  clock.stepWall(-2 * 86_400_000);
  await clock.advance(28_200);
  expect(ending.now).toMatchObject({ failure: "timeout" });
});

it("starts the deadline at the first transmission, not in the queue", async () => {
  const { start, clock, network } = coapRig();
  const [first, second] = [start(), start()];
  await clock.advance(30_000);
  expect(first.now).toMatchObject({ failure: "timeout" });
  expect(second.now).toBeUndefined();
  network.onSent = (sent, socket) =>
    socket.deliver({ type: "ACK", code: "2.05", mid: sent.mid, token: sent.token });
  await clock.advance(10_000);
  expect(second.now).toMatchObject({ code: "2.05" });
});

it("sends a NON once", async () => {
  const { ask, network, client } = coapRig();
  expect(await ask({ ...GET, confirmable: false })).toMatchObject({ phase: "response" });
  expect(network.socket.sent.map(({ type }) => type)).toEqual(["NON"]);
  expect(client.stats()).toMatchObject(quiet);
});

it.each(["NON", "CON"] as const)("takes a %s answer to a NON", async (type) => {
  const { ask, answerWith, network } = coapRig();
  answerWith(() => ({ type, code: "2.01", mid: 77 }));
  expect(await ask({ ...GET, confirmable: false })).toMatchObject({ code: "2.01" });
  const replies = network.socket.sent.slice(1).map((sent) => `${sent.type} ${sent.mid}`);
  expect(replies).toEqual(type === "CON" ? ["ACK 77"] : []);
});

it.each([true, false])("fails with `reset` on a RST (confirmable: %s)", async (confirmable) => {
  const { ask, network, client } = coapRig();
  network.onSent = (sent, socket) => socket.deliver({ type: "RST", mid: sent.mid });
  expect(await ask({ ...GET, confirmable })).toMatchObject({ failure: "reset", kind: "transient" });
  expect(client.stats()).toMatchObject(quiet);
});

it("takes one refused transmission for a lost one, and believes the second", async () => {
  const { start, clock, network } = coapRig();
  const ending = start();
  await clock.settle();
  const { socket } = network;
  socket.events.failed("ECONNREFUSED");
  socket.events.failed("ECONNREFUSED");
  await clock.settle();
  expect(ending.now).toBeUndefined();
  await clock.until(() => socket.sent.length === 2);
  socket.events.failed("ECONNREFUSED");
  await clock.settle();
  expect(ending.now).toMatchObject({ failure: "unreachable", errno: "ECONNREFUSED" });
});

it.each(["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EPERM"])(
  "fails once and at once on %s, and sends nothing more",
  async (errno) => {
    const { start, clock, network, client } = coapRig();
    const ending = start();
    await clock.settle();
    const { socket } = network;
    socket.events.failed(errno);
    socket.events.failed(errno);
    await clock.advance(100_000);
    expect(ending.now).toMatchObject({ failure: "unreachable", errno, hint: expect.any(String) });
    expect(socket.sent).toHaveLength(1);
    expect(socket.isClosed).toBe(true);
    expect(client.stats()).toMatchObject(quiet);
  },
);

it.each(["ENOBUFS", "EAGAIN"])("takes %s for a lost transmission", async (errno) => {
  const { start, clock, network } = coapRig();
  const ending = start();
  await clock.settle();
  network.socket.events.failed(errno);
  await clock.until(() => network.socket.sent.length === 2);
  expect(ending.now).toBeUndefined();
});

it("measures the round trip of exchanges that needed no retransmission", async () => {
  const { start, clock, network, client } = coapRig();
  const answer = (index: number) => {
    const sent = network.socket.sent[index];
    if (sent)
      network.socket.deliver({ type: "ACK", code: "2.05", mid: sent.mid, token: sent.token });
  };
  expect(client.stats().lastRoundTripMs).toBeNull();
  start();
  await clock.advance(40);
  answer(0);
  await clock.settle();
  expect(client.stats().lastRoundTripMs).toBe(40);
  start();
  await clock.until(() => network.socket.sent.length === 3);
  answer(1);
  await clock.settle();
  expect(client.stats()).toMatchObject({ lastRoundTripMs: 40, retransmissions: 1 });
});

it("pings with an empty CON that the peer resets", async () => {
  const { client, clock, network } = coapRig();
  network.onSent = (sent, socket) =>
    clock.after(25, () => socket.deliver({ type: "RST", mid: sent.mid }));
  const ping = client.ping(new AbortController().signal);
  await clock.advance(25);
  expect(await ping).toBe(25);
  expect(network.socket.sent.map(({ bytes }) => bytes.length)).toEqual([4]);
  expect(client.stats()).toMatchObject({ ...quiet, retiredTokens: 0 });
});

it("fails a ping that nobody answers", async () => {
  const { client, clock } = coapRig();
  const ping = client.ping(new AbortController().signal);
  const failure = expect(ping).rejects.toMatchObject({ failure: "timeout" });
  await clock.advance(10_000);
  await failure;
});
