import { expect, test } from "vitest";
import { uintOption } from "../support/coap-bytes.ts";
import { coapRig, textOf } from "../support/coap-rig.ts";

/** Rows of the fault table about observations (RFC 7641). The number leads the name. */

test("row 16: an observation refused with 4.01 fifty times leaves nothing behind", async () => {
  const rig = coapRig();
  const watched = rig.watch();
  rig.peer.automatic((request) => rig.peer.piggyback(request, { code: "4.01" }));
  await rig.clock.until(() => watched.seen.length >= 50, 24 * 3_600_000);
  expect(watched.seen.every((item) => item.kind === "lost" && item.code === "4.01")).toBe(true);
  expect(rig.client.stats()).toMatchObject({ outstanding: 0, queued: 0, registering: 0 });
  expect(rig.client.stats().retiredTokens, "only those of the last 247 s").toBeLessThan(20);
  expect(new Set(rig.peer.heard.map(({ token }) => String(token))).size).toBe(50);
  await watched.stop();
  await rig.expectTablesEmpty();
});

test("row 17: after a silent restart of the server the observation comes back by itself, from 0", async () => {
  const rig = coapRig();
  const watched = rig.watch();
  const observe = (number: number) => [uintOption(6, number)];
  const first = await rig.peer.nextRequest();
  rig.peer.piggyback(first, { code: "2.05", options: observe(100) });
  await rig.peer.rest();
  rig.peer.confirmable(first, { code: "2.05", options: observe(101), payload: "before" });
  await rig.peer.rest();
  // The server restarts here: it forgets the observation and says nothing.
  const second = await rig.peer.nextRequest(600_000);
  expect(second.atMs - first.atMs, "not before five minutes").toBeGreaterThanOrEqual(300_000);
  expect(second.token).not.toEqual(first.token);
  rig.peer.piggyback(second, { code: "2.05", options: observe(1) });
  await rig.peer.rest();
  rig.peer.confirmable(second, { code: "2.05", options: observe(2), payload: "after" });
  const [ack] = await rig.peer.rest();
  expect(ack?.type).toBe("ACK");
  expect(watched.seen).toMatchObject([
    { kind: "registered" },
    { kind: "notification", gap: false },
    { kind: "registered" },
    { kind: "notification", gap: false },
  ]);
  // The old token was ours: a RST would cancel every observation that the server keeps for us.
  rig.peer.confirmable(first, { code: "2.02" });
  expect((await rig.peer.rest()).map(({ type }) => type)).toEqual(["ACK"]);
  expect(watched.seen.length).toBe(4);
  await watched.stop();
  await rig.expectTablesEmpty();
});

test.each(["confirmable", "nonConfirmable"] as const)(
  "a notification that the network duplicated is delivered once (%s)",
  async (how) => {
    const rig = coapRig();
    const watched = rig.watch();
    const registration = await rig.peer.nextRequest();
    rig.peer.piggyback(registration, { code: "2.05", options: [uintOption(6, 1)] });
    await rig.peer.rest();
    const answer = { code: "2.05", options: [uintOption(6, 2)], payload: "restart" };
    const datagram = rig.peer[how](registration, answer);
    rig.peer.raw(registration, datagram);
    await rig.clock.advance(60_000);
    rig.peer.raw(registration, datagram);
    // Each copy of a CON is acknowledged: the first ACK may have been lost.
    const acks = how === "confirmable" ? ["ACK", "ACK", "ACK"] : [];
    expect((await rig.peer.during(1_000)).map(({ type }) => type)).toEqual(acks);
    expect(watched.seen.map(({ kind }) => kind)).toEqual(["registered", "notification"]);
    await watched.stop();
    await rig.expectTablesEmpty();
  },
);

test("two notifications that share a message ID within 247 s are both delivered", async () => {
  // ThingsBoard draws the message IDs of notifications at random.
  const rig = coapRig();
  const watched = rig.watch();
  const registration = await rig.peer.nextRequest();
  rig.peer.piggyback(registration, { code: "2.05", options: [uintOption(6, 1)] });
  await rig.peer.rest();
  for (const number of [2, 3]) {
    const options = [uintOption(6, number)];
    rig.peer.confirmable(registration, { code: "2.05", mid: 777, options, payload: `${number}` });
    expect((await rig.peer.rest()).map(({ type, mid }) => [type, mid])).toEqual([["ACK", 777]]);
  }
  const texts = watched.seen.map((item) => "response" in item && textOf(item.response.payload));
  expect(texts).toEqual(["", "2", "3"]);
  await watched.stop();
  await rig.expectTablesEmpty();
});
