import { createHash } from "node:crypto";
import { beforeAll, describe, expect, onTestFailed, test } from "vitest";
import { blockOf, codes, decode, optionNumbers, textBytes } from "../support/coap-bytes.ts";
import { textOf } from "../support/coap-rig.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { findLibcoap, startLibcoapServer } from "../support/libcoap-server.ts";
import { isNotification, isRegistered, realClient } from "../support/real-client.ts";
import { chosenSeed } from "../support/seeded-random.ts";

/** Our client against libcoap's example server, an implementation that shares nothing with ours. */

beforeAll(() => {
  findLibcoap();
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** Not periodic in the block size, so that swapped blocks show. */
const bodyOf = (size: number) =>
  Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 251);
const clock = /^[A-Z][a-z]{2} \d{2} \d{2}:\d{2}:\d{2}/;

describe.each([
  { name: "confirmable", confirmable: true },
  { name: "non-confirmable", confirmable: false },
])("$name requests", ({ confirmable }) => {
  test("GET /time is answered", async () => {
    await using server = await startLibcoapServer();
    const { ask, untilAnswered } = realClient(server.port);
    await untilAnswered("GET", "time");
    const { code, payload } = await ask("GET", "time", { confirmable });
    expect(code).toBe("2.05");
    expect(textOf(payload)).toMatch(clock);
  });

  test("a dynamic resource is created, read, changed and removed", async () => {
    await using server = await startLibcoapServer();
    const { ask, untilAnswered } = realClient(server.port);
    await untilAnswered("GET", "time");
    const put = (text: string) =>
      ask("PUT", "device/one", { confirmable, payload: textBytes(text) });
    expect((await put("first")).code).toBe("2.01");
    expect(textOf((await ask("GET", "device/one", { confirmable })).payload)).toBe("first");
    expect((await put("second")).code).toBe("2.04");
    expect(textOf((await ask("GET", "device/one", { confirmable })).payload)).toBe("second");
    const posted = { confirmable, payload: textBytes("third"), contentFormat: 0 };
    expect((await ask("POST", "device/one", posted)).code).toBe("2.04");
    expect((await ask("POST", "device/two", posted)).code).toBe("2.01");
    expect(textOf((await ask("GET", "device/two", { confirmable })).payload)).toBe("third");
    expect((await ask("DELETE", "device/one", { confirmable })).code).toBe("2.02");
    expect((await ask("GET", "device/one", { confirmable })).code).toBe("4.04");
    expect((await ask("POST", "time", { confirmable, payload: textBytes("1") })).code).toBe("4.05");
  });

  test("a separate answer arrives after its empty ACK", async () => {
    await using server = await startLibcoapServer();
    const { ask, untilAnswered, client } = realClient(server.port);
    await untilAnswered("GET", "time");
    const before = client.stats().retransmissions;
    // Answers after one second.
    const { code, payload } = await ask("GET", "async", { confirmable, query: ["1"] });
    expect(code).toBe("2.05");
    expect(textOf(payload)).toBe("done");
    expect(client.stats()).toMatchObject({ outstanding: 0, retransmissions: before });
  });
});

test("50 kB go up in blocks and come down again, byte for byte", async () => {
  await using server = await startLibcoapServer();
  const { ask, untilAnswered } = realClient(server.port);
  await untilAnswered("GET", "time");
  const body = bodyOf(50_000);
  const stored = await ask("PUT", "example_data", { payload: body, contentFormat: 42 });
  expect(stored.code).toBe("2.01");
  expect(sha256((await ask("GET", "example_data")).payload)).toBe(sha256(body));
});

test("100 kB come down in blocks, byte for byte", async () => {
  await using server = await startLibcoapServer();
  const { ask, untilAnswered } = realClient(server.port);
  await untilAnswered("GET", "time");
  const body = bodyOf(100_000);
  await ask("PUT", "example_data", { payload: body });
  const { payload } = await ask("GET", "example_data");
  expect(payload.length).toBe(100_000);
  expect(sha256(payload)).toBe(sha256(body));
});

test("small blocks: 3000 bytes in blocks of 64, both ways", async () => {
  await using server = await startLibcoapServer();
  const { ask, untilAnswered } = realClient(server.port, { blockBytes: 64 });
  await untilAnswered("GET", "time");
  const body = bodyOf(3_000);
  await ask("PUT", "example_data", { payload: body });
  expect(sha256((await ask("GET", "example_data")).payload)).toBe(sha256(body));
});

test("an observation is notified every second, without a gap", async () => {
  await using server = await startLibcoapServer();
  const { watch, untilAnswered, client } = realClient(server.port);
  await untilAnswered("GET", "time");
  const watched = watch("time");
  await watched.next(isRegistered);
  const texts = new Set<string>();
  for (let count = 0; count < 3; count++) {
    const item = await watched.next(isNotification());
    expect(item).toMatchObject({ gap: false });
    if (item.kind === "notification") texts.add(textOf(item.response.payload));
  }
  expect(texts.size).toBe(3);
  expect(client.stats()).toMatchObject({ observations: 1, resetsSent: 0 });
});

test("an observation is told when what it observes is changed by another client", async () => {
  await using server = await startLibcoapServer();
  const [one, other] = [realClient(server.port), realClient(server.port)];
  await one.untilAnswered("GET", "time");
  await other.ask("PUT", "shared", { payload: textBytes("old") });
  const watched = one.watch("shared");
  const first = await watched.next(isRegistered);
  expect(first.kind === "registered" && textOf(first.response.payload)).toBe("old");
  await other.ask("PUT", "shared", { payload: textBytes("new") });
  await watched.next(isNotification("new"));
});

test("an observation survives a restart of the server by registering again", async () => {
  const first = await startLibcoapServer();
  const { watch, untilAnswered } = realClient(first.port, {
    reregisterMinMs: 1_500,
    reregisterMaxMs: 2_000,
  });
  await untilAnswered("GET", "time");
  const watched = watch("time");
  await watched.next(isRegistered);
  await watched.next(isNotification());
  await first[Symbol.asyncDispose]();

  await using _second = await startLibcoapServer(first.port);
  const before = watched.seen.length;
  await watched.next(isRegistered);
  expect(await watched.next(isNotification())).toMatchObject({ gap: false });
  expect(watched.seen.length).toBeGreaterThan(before);
});

describe("through a network that loses, duplicates and reorders", () => {
  const lossy = async (port: number, loss: number, assembled?: Uint8Array) => {
    const seed = chosenSeed();
    onTestFailed(() => void process.stderr.write(`run again with PIPIT_TEST_SEED=${seed}\n`));
    const proxy = await startFaultProxy({
      upstream: { host: "127.0.0.1", port },
      seed,
      loss,
      duplicate: 0.1,
      reorder: 0.2,
      holdMs: 30,
      rewrite(datagram) {
        const message = decode(datagram);
        const block = blockOf(message, optionNumbers.block1);
        if (block && message.code === codes.PUT)
          assembled?.set(message.payload, block.num * 2 ** (block.szx + 4));
        return datagram;
      },
    });
    const client = realClient(proxy.port, {
      ackTimeoutMs: 50,
      maxRetransmit: 8,
      deadlineMs: 30_000,
    });
    await client.untilAnswered("GET", "time");
    return { ...client, proxy };
  };

  test("at 30 % loss each way every resource written reads back", async () => {
    await using server = await startLibcoapServer();
    const { untilAnswered, client, proxy } = await lossy(server.port, 0.3);
    await using _proxy = proxy;
    for (let count = 0; count < 9; count++) {
      const payload = textBytes(`value ${count}`);
      await untilAnswered(count % 2 === 0 ? "PUT" : "POST", `sample/${count}`, payload);
      const { response } = await untilAnswered("GET", `sample/${count}`);
      expect(response.payload).toEqual(payload);
    }
    expect(proxy.stats.up.dropped + proxy.stats.down.dropped).toBeGreaterThan(5);
    expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0 });
  });

  test("at 20 % loss each way 20 kB leave in the right blocks and come down whole", async () => {
    await using server = await startLibcoapServer();
    const body = bodyOf(20_000);
    const sent = new Uint8Array(body.length);
    const { untilAnswered, client, proxy } = await lossy(server.port, 0.2, sent);
    await using _proxy = proxy;
    const stored = await untilAnswered("PUT", "example_data", body);
    expect(stored.response.code).toMatch(/^2\.0[14]$/);
    expect(sha256(sent)).toBe(sha256(body));
    // libcoap 4.3.1 keeps no message IDs: a repeated last block, which may still be on its way, is stored
    // again, over an empty buffer. What is read with loss is therefore written without, and elsewhere.
    await realClient(server.port).ask("PUT", "undisturbed", { payload: body });
    const read = await untilAnswered("GET", "undisturbed");
    expect(sha256(read.response.payload)).toBe(sha256(body));
    expect(proxy.stats.up.dropped + proxy.stats.down.dropped).toBeGreaterThan(5);
    expect(client.stats()).toMatchObject({ outstanding: 0, queued: 0 });
  });

  test("an observation comes back after a NAT rebinding", async () => {
    await using server = await startLibcoapServer();
    await using proxy = await startFaultProxy({
      upstream: { host: "127.0.0.1", port: server.port },
      seed: 1,
    });
    const { watch, untilAnswered } = realClient(proxy.port, {
      reregisterMinMs: 1_500,
      reregisterMaxMs: 2_000,
    });
    await untilAnswered("GET", "time");
    const watched = watch("time");
    await watched.next(isRegistered);
    await watched.next(isNotification());
    proxy.rebind();
    await watched.next(isRegistered);
    await watched.next(isNotification());
  });
});
