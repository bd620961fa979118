import { expect, test } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { AgentError } from "../../agent/errors.ts";
import { encode, uintOption } from "../support/coap-bytes.ts";
import { coapRig, textOf } from "../support/coap-rig.ts";
import { lineOf } from "../support/scripted-peer.ts";

/** Rows of the fault table about messages, matching and identifiers. The number leads the name. */

test("row 1: an empty ACK and then silence ends at the deadline, waiting for the response", async () => {
  const rig = coapRig();
  const asked = rig.send();
  const request = await rig.peer.next();
  rig.peer.emptyAck(request);
  const error = await rig.failure(asked);
  expect(error).toMatchObject({ failure: "timeout", phase: "response", kind: "transient" });
  expect(rig.clock.monotonic() - request.atMs).toBe(30_000);
  expect(rig.peer.heard.length, "an ACK ends the retransmission").toBe(1);
  await rig.expectTablesEmpty();
});

test("row 2: a notification whose message ID is that of our request in flight is delivered", async () => {
  const rig = coapRig();
  const watched = rig.watch();
  const registration = await rig.peer.next();
  rig.peer.piggyback(registration, { code: "2.05", options: [uintOption(6, 1)] });
  await rig.peer.rest();
  const asked = rig.send({ path: ["other"] });
  const request = await rig.peer.next();
  rig.peer.confirmable(registration, {
    code: "2.05",
    mid: request.mid,
    options: [uintOption(6, 2)],
    payload: "switch the pump off",
  });
  const [ack] = await rig.peer.rest();
  expect(ack && lineOf(ack)).toBe(`ACK 0.00 mid ${request.mid}`);
  expect(watched.seen[1]).toMatchObject({ kind: "notification", gap: false });
  expect(asked.settled, "the notification is no answer to the request").toBe(false);
  rig.peer.piggyback(request, { code: "2.05", payload: "answer" });
  expect(textOf((await rig.response(asked)).payload)).toBe("answer");
  await watched.stop();
  await rig.expectTablesEmpty();
});

test("row 5: a request made by the handler of a response works", async () => {
  const rig = coapRig();
  const second = rig.client
    .request({ method: "GET", path: ["first"] }, rig.abort.signal)
    .then(() => rig.client.request({ method: "GET", path: ["second"] }, rig.abort.signal));
  second.catch(() => undefined);
  rig.peer.automatic((request) => rig.peer.piggyback(request, { code: "2.05", payload: "ok" }));
  await rig.clock.until(() => rig.peer.heard.length === 2);
  await rig.peer.rest();
  expect(textOf((await second).payload)).toBe("ok");
  await rig.expectTablesEmpty();
});

test("row 6: 20 requests in sequence leave from one port, with message IDs that count up", async () => {
  const rig = coapRig();
  rig.peer.automatic((request) => rig.peer.piggyback(request, { code: "2.05" }));
  for (let count = 0; count < 20; count++) await rig.response(rig.send());
  const { heard } = rig.peer;
  expect(new Set(heard.map(({ from }) => from.port)).size).toBe(1);
  const [first] = heard;
  expect(heard.map(({ mid }) => mid)).toEqual(
    heard.map((_, index) => ((first?.mid ?? 0) + index) % 65_536),
  );
  expect(new Set(heard.map(({ token }) => String(token))).size, "a token each").toBe(20);
  expect(first?.token.length).toBe(8);
  await rig.expectTablesEmpty();
});

test("row 10: a silent server gets 4 identical transmissions, then the deadline ends it", async () => {
  const rig = coapRig();
  const asked = rig.send();
  const error = await rig.failure(asked);
  expect(error).toMatchObject({ failure: "timeout", phase: "ack" });
  const [first, ...repeats] = rig.peer.heard;
  if (!first) throw new Error("nothing was sent");
  expect(rig.clock.monotonic() - first.atMs).toBe(30_000);
  const waits = repeats.map(({ atMs }) => atMs - first.atMs);
  // RFC 7252 §4.2: the first wait t is in [2 s, 3 s], then it doubles: t, 3t, 7t.
  const [t = 0] = waits;
  expect(t).toBeGreaterThanOrEqual(2_000);
  expect(t).toBeLessThanOrEqual(3_000);
  expect(waits.map((wait) => Math.round(wait / t))).toEqual([1, 3, 7]);
  for (const repeat of repeats) expect(repeat.bytes).toEqual(first.bytes);
  await rig.expectTablesEmpty();
});

test("row 14: a RST is an error, never a response with code 0.00", async () => {
  const rig = coapRig();
  const asked = rig.send();
  rig.peer.reset(await rig.peer.next());
  expect(await rig.failure(asked)).toMatchObject({ failure: "reset", kind: "transient" });
  expect(rig.peer.heard.length).toBe(1);
  await rig.expectTablesEmpty();
});

test("row 15: a piggybacked ACK that the network duplicated is met with silence", async () => {
  const rig = coapRig();
  const asked = rig.send();
  const request = await rig.peer.next();
  const answer = rig.peer.piggyback(request, { code: "2.05", payload: "once" });
  rig.peer.raw(request, answer);
  expect(textOf((await rig.response(asked)).payload)).toBe("once");
  rig.peer.raw(request, answer);
  expect(await rig.peer.during(5_000)).toEqual([]);
  await rig.expectTablesEmpty();
});

test("row 18: of 200 requests at once, one is outstanding at any time", async () => {
  const rig = coapRig();
  const asked = Array.from({ length: 200 }, (_, index) => rig.send({ path: ["n", String(index)] }));
  for (let answered = 0; answered < 200; answered++) {
    const request = await rig.peer.next();
    expect(await rig.peer.rest(), "nothing else leaves before the answer").toEqual([]);
    expect(rig.client.stats()).toMatchObject({ outstanding: 1, queued: 199 - answered });
    rig.peer.piggyback(request, { code: "2.05" });
  }
  for (const one of asked) await rig.response(one);
  await rig.expectTablesEmpty();
});

test.each(["never comes", "comes afterwards"])(
  "row 19: a CON response whose preceding ACK %s is delivered, and nothing stays behind",
  async (fate) => {
    const rig = coapRig();
    const asked = rig.send({ method: "POST" });
    const request = await rig.peer.next();
    const answer = rig.peer.confirmable(request, { code: "2.01", payload: "created" });
    expect(textOf((await rig.response(asked)).payload)).toBe("created");
    expect((await rig.peer.rest()).map(lineOf)).toEqual(["ACK 0.00 mid 36864"]);
    if (fate === "comes afterwards") rig.peer.emptyAck(request);
    rig.peer.raw(request, answer);
    const later = await rig.peer.during(60_000);
    expect(later.map(lineOf), "acknowledged again, not repeated, nothing else").toEqual([
      "ACK 0.00 mid 36864",
    ]);
    await rig.expectTablesEmpty();
  },
);

test("row 20: a response from another address is ignored, whatever its token", async () => {
  const rig = coapRig();
  const asked = rig.send();
  const request = await rig.peer.next();
  const forged = encode({ type: "ACK", code: "2.05", mid: request.mid, token: request.token });
  rig.peer.rawFrom({ host: "203.0.113.66", port: 5683 }, request, forged);
  rig.peer.rawFrom({ host: rig.peer.address.host, port: 5684 }, request, forged);
  expect(await rig.peer.rest()).toEqual([]);
  expect(asked.settled).toBe(false);
  rig.peer.piggyback(request, { code: "4.04" });
  expect((await rig.response(asked)).code).toBe("4.04");
  await rig.expectTablesEmpty();
});

test("row 21: the settings given are the settings used", async () => {
  const rig = coapRig({
    settings: { ackTimeoutMs: 100, ackRandomFactor: 1, maxRetransmit: 2, deadlineMs: 5_000 },
  });
  const asked = rig.send();
  await rig.failure(asked);
  const [first] = rig.peer.heard;
  expect(rig.peer.heard.map(({ atMs }) => atMs - (first?.atMs ?? 0))).toEqual([0, 100, 300]);
  await rig.expectTablesEmpty();
});

test.each([70_000, 0, -1, 5683.5, Number.NaN])(
  "row 25: port %s is a configuration error before anything is sent",
  (port) => {
    const { network, clock, log } = coapRig();
    const make = () =>
      createCoapClient({
        network,
        clock,
        random: { fraction: () => 0.5, bytes: (size) => new Uint8Array(size) },
        server: { host: "192.0.2.1", port },
        log,
      });
    expect(make).toThrow(AgentError);
    expect(make).toThrow(expect.objectContaining({ kind: "config" }));
    expect(network.connects).toEqual([]);
  },
);
