import { expect, it } from "vitest";
import { createPace } from "../../../agent/coap/pace.ts";
import { createProbing } from "../../../agent/coap/probing.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { coapRig, GET } from "./rig.ts";

const never = new AbortController().signal;

it("lets no second contain more than 200 messages", async () => {
  const clock = virtualClock();
  const pace = createPace(clock, 200);
  const times: number[] = [];
  const send = async () => {
    for (let n = 0; n < 650; n++) {
      await pace.admit(never);
      times.push(clock.monotonic());
    }
  };
  const done = send();
  await clock.advance(10_000);
  await done;
  const first = times[0] ?? 0;
  expect(times.filter((at) => at === first)).toHaveLength(200);
  for (let n = 200; n < times.length; n++)
    expect((times[n] ?? 0) - (times[n - 200] ?? 0)).toBeGreaterThanOrEqual(1_000);
  expect((times.at(-1) ?? 0) - first).toBe(3_000);
});

it("stops waiting when cancelled, and leaves no timer", async () => {
  const clock = virtualClock();
  const pace = createPace(clock, 1);
  await pace.admit(never);
  const controller = new AbortController();
  const waiting = expect(pace.admit(controller.signal)).rejects.toThrow("enough");
  controller.abort(new Error("enough"));
  await waiting;
  expect(clock.pending).toBe(0);
});

it("paces requests and pings together, but not ACKs", async () => {
  const { start, client, clock, network } = coapRig({ messagesPerSecond: 2, nstart: 10 });
  network.onSent = (sent, socket) => {
    if (sent.type !== "CON") return;
    socket.deliver(
      sent.code === "0.00"
        ? { type: "RST", mid: sent.mid }
        : { type: "CON", code: "2.01", mid: sent.mid ^ 1, token: sent.token },
    );
  };
  const begun = clock.monotonic();
  for (let n = 0; n < 3; n++) start();
  const ping = client.ping(never);
  await clock.advance(5_000);
  await ping;
  const of = (type: string) =>
    network.socket.sent.filter((sent) => sent.type === type).map(({ atMs }) => atMs - begun);
  expect(of("CON")).toEqual([0, 0, 1_000, 1_000]);
  expect(of("ACK")).toHaveLength(3);
});

it("holds a NON to a silent peer to one byte a second, until the peer is heard", async () => {
  const clock = virtualClock();
  const probing = createProbing(clock);
  expect(probing.isHeld).toBe(false);
  probing.sent(40);
  expect(probing.isHeld).toBe(true);
  let free = 0;
  void probing.wait(never).then(() => free++);
  await clock.advance(39_999);
  expect(free).toBe(0);
  await clock.advance(1);
  expect(free).toBe(1);
  probing.sent(40);
  void probing.wait(never).then(() => free++);
  probing.heard();
  await clock.settle();
  expect(free).toBe(2);
  expect(probing.isHeld).toBe(false);
  expect(clock.pending).toBe(0);
});

it("lets a CON probe pass a NON that has to wait", async () => {
  const { start, clock, network } = coapRig({ deadlineMs: 5_000, deadlinesBeforeReconnect: 9 });
  start({ ...GET, confirmable: false });
  start({ ...GET, confirmable: false });
  const probe = start();
  await clock.advance(5_000);
  network.onSent = (sent, socket) =>
    socket.deliver({ type: "ACK", code: "2.05", mid: sent.mid, token: sent.token });
  await clock.advance(3_000);
  expect(probe.now).toMatchObject({ code: "2.05" });
  const kinds = network.socket.sent.map(({ type }) => type);
  expect(kinds).toEqual(["NON", "CON", "CON", "NON"]);
});

const silent = { deadlineMs: 1_000, deadlinesBeforeReconnect: 999 };

it("holds no more NONs for a silent peer than may wait, and no CON because of them", async () => {
  const { start, clock, client } = coapRig({ ...silent, maxQueued: 5 });
  const non = () => start({ ...GET, confirmable: false });
  non();
  await clock.advance(2_000);
  const held: ReturnType<typeof start>[] = [];
  for (let count = 0; count < 9; count++) {
    held.push(non());
    await clock.settle();
  }
  expect(held.map(({ now }) => now)).toMatchObject([
    ...Array.from({ length: 5 }, () => undefined),
    ...Array.from({ length: 4 }, () => ({ failure: "timeout", phase: "queue" })),
  ]);
  expect(client.stats().queued).toBe(5);
  const con = start();
  await clock.settle();
  expect(con.now).toBeUndefined();
  expect(client.stats()).toMatchObject({ queued: 5, outstanding: 1 });
});

it("lets all NONs that it held go when the peer is heard, although others wait already", async () => {
  const { start, clock, network, client } = coapRig({
    ...silent,
    maxQueued: 5,
    deadlineMs: 60_000,
  });
  const endings = [start({ ...GET, confirmable: false, deadlineMs: 1_000 })];
  await clock.advance(2_000);
  for (let count = 0; count < 5; count++) endings.push(start({ ...GET, confirmable: false }));
  await clock.settle();
  for (let count = 0; count < 6; count++) endings.push(start());
  await clock.settle();
  expect(client.stats()).toMatchObject({ queued: 10, outstanding: 1 });
  network.onSent = (sent, socket) =>
    socket.deliver({ type: "NON", code: "2.05", mid: sent.mid, token: sent.token });
  await clock.advance(5_000);
  expect(endings.slice(1).map(({ now }) => now)).toMatchObject(
    Array.from({ length: 11 }, () => ({ code: "2.05" })),
  );
});

it("waits for a silent peer no longer than for a turn, however often it is let try", async () => {
  const { start, clock } = coapRig({ ...silent, queueDeadlineMs: 60_000 });
  const endings = Array.from({ length: 20 }, () => start({ ...GET, confirmable: false }));
  await clock.advance(100_000);
  expect(endings.every(({ now }) => now !== undefined)).toBe(true);
});
