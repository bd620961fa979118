import { createHash } from "node:crypto";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import { blockOf, decode, hexOf, optionNumbers, textBytes, uintOf } from "../support/coap-bytes.ts";
import { textOf } from "../support/coap-rig.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { largeBody, startNpmCoapServer } from "../support/npm-coap-server.ts";
import { isNotification, isRegistered, realClient } from "../support/real-client.ts";
import { chosenSeed } from "../support/seeded-random.ts";

/** Our client against the server of npm coap, over UDP on loopback. */

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const halfLarge = largeBody.slice(0, 50_000);

describe.each([
  { name: "confirmable", confirmable: true },
  { name: "non-confirmable", confirmable: false },
])("$name requests", ({ confirmable }) => {
  test("GET, POST and PUT are answered", async () => {
    await using server = await startNpmCoapServer();
    const { ask } = realClient(server.port);
    expect(textOf((await ask("GET", "hello", { confirmable })).payload)).toBe("hello");
    const payload = textBytes('{"temperature":21.5}');
    const echoed = await ask("POST", "echo", { confirmable, payload, contentFormat: 50 });
    expect(echoed.code).toBe("2.01");
    expect(textOf(echoed.payload)).toBe('{"temperature":21.5}');
    expect((await ask("PUT", "store", { confirmable, payload })).code).toBe("2.04");
    expect((await ask("GET", "store", { confirmable })).payload).toEqual(payload);
    expect((await ask("GET", "nothing-here", { confirmable })).code).toBe("4.04");
  });

  test("a separate answer arrives", async () => {
    await using server = await startNpmCoapServer();
    const { ask, client } = realClient(server.port);
    expect(textOf((await ask("GET", "slow", { confirmable })).payload)).toBe("slow");
    expect(client.stats().outstanding).toBe(0);
  });

  test("100 kB come down in blocks, byte for byte", async () => {
    await using server = await startNpmCoapServer();
    const { ask } = realClient(server.port);
    const { payload } = await ask("GET", "large", { confirmable });
    expect(payload.length).toBe(100_000);
    expect(sha256(payload)).toBe(sha256(largeBody));
  });
});

test("50 kB go up in blocks, byte for byte, under one token, and each block names the whole size", async () => {
  await using server = await startNpmCoapServer();
  const sizes = new Set<number>();
  const tokens = new Set<string>();
  await using proxy = await startFaultProxy({
    upstream: { host: "127.0.0.1", port: server.port },
    seed: 1,
    rewrite(datagram, direction) {
      // It only looks: npm coap files the blocks of an upload under their token, and finds one.
      const message = decode(datagram);
      for (const { number, value } of message.options)
        if (number === optionNumbers.size1) sizes.add(uintOf(value));
      if (direction === "up" && blockOf(message, optionNumbers.block1))
        tokens.add(hexOf(message.token));
      return datagram;
    },
  });
  const { ask } = realClient(proxy.port);
  expect((await ask("PUT", "store", { payload: halfLarge })).code).toBe("2.04");
  expect(sha256((await ask("GET", "store")).payload)).toBe(sha256(halfLarge));
  expect([...sizes]).toEqual([50_000]);
  expect(tokens.size).toBe(1);
});

test("an observation is told of every change, in order", async () => {
  await using server = await startNpmCoapServer();
  const { watch } = realClient(server.port);
  const watched = watch("weather");
  await watched.next(isRegistered);
  for (const text of ["one", "two", "three"]) {
    server.notify(text);
    expect(await watched.next(isNotification(text))).toMatchObject({ gap: false });
  }
});

test("an observation survives a restart of the server by registering again", async () => {
  const first = await startNpmCoapServer();
  const { watch } = realClient(first.port, { reregisterMinMs: 200, reregisterMaxMs: 400 });
  const watched = watch("weather");
  await watched.next(isRegistered);
  first.notify("before");
  await watched.next(isNotification("before"));
  await first[Symbol.asyncDispose]();

  await using second = await startNpmCoapServer(first.port);
  const known = watched.seen.length;
  await watched.next(isRegistered);
  while (second.registrations === 0) await watched.next(isRegistered);
  second.notify("after");
  // Numbers begin anew with the server: they must not be measured by the old ones.
  expect(await watched.next(isNotification("after"))).toMatchObject({ gap: false });
  expect(watched.seen.length).toBeGreaterThan(known);
});

test("30 % loss each way, duplicates and reordering: everything acknowledged is stored, once", async () => {
  const seed = chosenSeed();
  onTestFailed(() => void process.stderr.write(`run again with PIPIT_TEST_SEED=${seed}\n`));
  await using server = await startNpmCoapServer();
  await using proxy = await startFaultProxy({
    upstream: { host: "127.0.0.1", port: server.port },
    seed,
    loss: 0.3,
    duplicate: 0.1,
    reorder: 0.2,
    holdMs: 30,
    jitterMs: 5,
  });
  const { untilAnswered, client } = realClient(proxy.port, {
    ackTimeoutMs: 60,
    deadlineMs: 2_500,
    nstart: 4,
  });
  onTestFinished(() => client[Symbol.asyncDispose]());

  const samples = Array.from({ length: 200 }, (_, index) => ({
    ts: 1_795_341_600_000 + index * 10_000,
    values: { temperature: index / 10 },
  }));
  let next = 0;
  let tries = 0;
  const publish = async () => {
    for (let sample = samples[next++]; sample; sample = samples[next++]) {
      const payload = textBytes(JSON.stringify(sample));
      const answered = await untilAnswered("POST", "telemetry", payload);
      tries += answered.tries;
    }
  };
  await Promise.all(Array.from({ length: 4 }, publish));

  expect(proxy.stats.up.dropped, "the proxy did its work").toBeGreaterThan(50);
  expect(proxy.stats.down.dropped).toBeGreaterThan(50);
  // The server stores by (device, key, ts), so a repeated request overwrites itself.
  const series = new Map<string, number>();
  for (const text of server.telemetry) {
    const { ts, values } = JSON.parse(text);
    for (const [key, value] of Object.entries<number>(values))
      series.set(`device ${key} ${ts}`, value);
  }
  const expected = samples.map(({ ts, values }) => [
    `device temperature ${ts}`,
    values.temperature,
  ]);
  expect([...series].sort()).toEqual(expected.sort());
  // Retransmissions carry one message ID, by which the server knows them: only a new try may store again.
  expect(server.telemetry.length).toBeLessThanOrEqual(tries);
  expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0 });
}, 60_000);
