import { expect, onTestFinished, test } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import { decode } from "../../agent/coap/decode.ts";
import { type CoapMessage, encode, decode as read, uintOption } from "../support/coap-bytes.ts";
import { mutate } from "../support/coap-mutations.ts";
import { coapRig } from "../support/coap-rig.ts";
import { collectGarbage } from "../support/garbage.ts";
import { memoryNetwork } from "../support/memory-network.ts";
import { recordingLog } from "../support/recording-log.ts";
import { lineOf } from "../support/scripted-peer.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";

/** Rows of the fault table about names, sockets and size. The number leads the name. */

test("row 12: a name that does not resolve is one error after one look-up", async () => {
  const rig = coapRig({ serverHost: "tb.example" });
  rig.network.name("tb.example", "ENOTFOUND");
  const asked = rig.send();
  expect(await rig.failure(asked)).toMatchObject({ failure: "resolve", kind: "transient" });
  await rig.clock.advance(60_000);
  expect(rig.network.lookups).toEqual(["tb.example"]);
  await rig.expectTablesEmpty();
});

test("row 12: a resolver that hangs ends within the limits of the request, and is asked once", async () => {
  const rig = coapRig({ serverHost: "tb.example" });
  rig.network.name("tb.example", "hang");
  const [first, second] = [rig.send(), rig.send()];
  expect(await rig.failure(first)).toMatchObject({ failure: "resolve" });
  expect((await rig.settle(second)).error).toBeInstanceOf(Error);
  expect(rig.network.lookups).toEqual(["tb.example"]);
});

test("row 12: the name is asked once for many requests and all their retransmissions", async () => {
  const rig = coapRig({ serverHost: "tb.example" });
  rig.network.name("tb.example", [rig.peer.address.host]);
  const times = new Map<number, number>();
  rig.peer.automatic((request) => {
    const copy = (times.get(request.mid) ?? 0) + 1;
    times.set(request.mid, copy);
    if (copy === 3) rig.peer.piggyback(request, { code: "2.05" });
  });
  for (const asked of [rig.send(), rig.send(), rig.send()]) await rig.response(asked);
  await rig.response(rig.send());
  expect(rig.peer.heard).toHaveLength(12);
  expect(rig.network.lookups).toEqual(["tb.example"]);
  await rig.expectTablesEmpty();
});

test("row 12: a network that is away is one error, and no retransmission goes on", async () => {
  const rig = coapRig();
  rig.network.refuseConnect("ENETUNREACH");
  const asked = rig.send();
  expect(await rig.failure(asked)).toMatchObject({ failure: "unreachable", errno: "ENETUNREACH" });
  rig.network.refuseConnect(null);
  await rig.clock.advance(60_000);
  expect(rig.peer.heard).toEqual([]);
  await rig.expectTablesEmpty();
});

test.each(["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EPERM"])(
  "row 12: %s under a request in flight is one error, ends its retransmission, and the next works",
  async (code) => {
    const rig = coapRig();
    const asked = rig.send();
    await rig.peer.next();
    rig.network.channels[0]?.fail(code);
    rig.network.channels[0]?.fail(code);
    const error = await rig.failure(asked);
    expect(error).toMatchObject({ failure: "unreachable", errno: code });
    expect(await rig.peer.during(60_000)).toEqual([]);
    const next = rig.send();
    rig.peer.piggyback(await rig.peer.next(), { code: "2.05" });
    expect((await rig.response(next)).code).toBe("2.05");
    await rig.expectTablesEmpty();
  },
);

test("row 13: errors of the socket while nobody waits are no uncaught exception", async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  });
  const rig = coapRig();
  rig.peer.automatic((request) => rig.peer.piggyback(request, { code: "2.05" }));
  await rig.response(rig.send());
  for (const code of ["ECONNREFUSED", "ENETUNREACH", "EMSGSIZE", "EWEIRD"]) {
    rig.network.channels[0]?.fail(code);
    await rig.clock.advance(1_000);
  }
  rig.network.channels[0]?.kill("EBADF");
  await rig.clock.advance(1_000);
  rig.network.refuseConnect("EMFILE");
  const watched = rig.watch();
  await rig.clock.advance(60_000);
  rig.network.refuseConnect(null);
  await rig.clock.until(() => watched.seen.some(({ kind }) => kind === "lost"));
  await watched.stop();
  expect(uncaught).toEqual([]);
  expect((await rig.response(rig.send())).code, "a new socket was opened").toBe("2.05");
  await rig.expectTablesEmpty();
});

test("row 23: of 100 000 mutated datagrams the decoder makes a message or a reason, never an exception", () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  const valid = encode({
    type: "CON",
    code: "2.05",
    mid: 4711,
    token: random.bytes(8),
    options: [uintOption(6, 70_000), uintOption(12, 50), uintOption(23, 14), uintOption(28, 999)],
    payload: random.bytes(40),
  });
  let messages = 0;
  const reasons = new Set<string>();
  for (let count = 0; count < 100_000; count++) {
    const datagram = mutate(valid, random);
    try {
      const decoded = decode(datagram);
      if (decoded.ok) messages++;
      else reasons.add(decoded.reason);
    } catch (cause) {
      const hex = Buffer.from(datagram).toString("hex");
      throw new Error(`PIPIT_TEST_SEED=${seed}, datagram ${count}: ${hex}`, { cause });
    }
  }
  expect(messages, `seed ${seed}`).toBeGreaterThan(10_000);
  expect(reasons.size, "the mutations reach every kind of damage").toBeGreaterThanOrEqual(6);
});

test("row 24: 40 000 requests leave the tables bounded and the heap flat", async () => {
  const clock = virtualClock();
  const random = seededRandom(24);
  const network = memoryNetwork({ clock, random });
  const server = { host: "192.0.2.1", port: 5683 };
  let mid = 0;
  // ThingsBoard's usual answer: CON, with no ACK before it. Nothing is recorded here: it would be the leak.
  const wrong: string[] = [];
  network.listen(server, (datagram, reply) => {
    const message: CoapMessage = read(datagram);
    if (message.type === "ACK") return;
    if (message.type === "RST") wrong.push(lineOf(message));
    reply(encode({ type: "CON", code: "2.01", mid: mid++ & 0xffff, token: message.token }));
  });
  const client = createCoapClient({ network, clock, random, server, log: recordingLog() });
  const { signal } = new AbortController();
  const run = async (requests: number) => {
    let done = 0;
    const path = ["api", "v1", "token", "telemetry"];
    const work = async () => {
      for (; done < requests; done++) await client.request({ method: "POST", path }, signal);
    };
    const working = work();
    await clock.until(() => done === requests);
    await working;
    return collectGarbage();
  };
  // The tables are full after these.
  const early = await run(6_000);
  const late = await run(34_000);
  const { deduplicated, retiredTokens, outstanding, queued } = client.stats();
  expect({ outstanding, queued }).toEqual({ outstanding: 0, queued: 0 });
  // An answer needs no memory of its own: its copies would find the token retired.
  expect(deduplicated).toBe(0);
  // All took 200 s at 200 messages a second: every token is still known.
  expect(retiredTokens).toBe(40_000);
  expect(wrong).toEqual([]);
  expect(late - early, "bytes of heap for 34 000 requests").toBeLessThan(1_000_000);
  await client[Symbol.asyncDispose]();
  // The last ACK is still on its way.
  await clock.advance(1);
  expect(clock.pending).toBe(0);
}, 60_000);
