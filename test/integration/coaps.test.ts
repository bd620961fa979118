import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import type { SessionStore, StoredSession } from "../../agent/dtls/sessions.ts";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { dtlsClient } from "../support/dtls-client.ts";
import { recordTypes } from "../support/dtls-records.ts";
import { type FaultProxyOptions, startFaultProxy } from "../support/fault-proxy.ts";
import { realClient } from "../support/real-client.ts";

/** DTLS over sockets, against the stand-in server, on lines that lose, cut, and change ports. */

const TOKEN = "boardToken";

async function secureSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    httpPort: null,
    secure: { names: ["localhost"] },
    ...options,
  });
  onTestFinished(() => sandbox[Symbol.asyncDispose]());
  sandbox.preprovision("board", TOKEN);
  return sandbox;
}

const trusting = (sandbox: Sandbox, options: Parameters<typeof dtlsClient>[1] = {}) =>
  dtlsClient(sandbox.authority ?? "", options);

async function proxyTo(sandbox: Sandbox, options: Partial<FaultProxyOptions> = {}) {
  const upstream = { host: "127.0.0.1", port: sandbox.port };
  const proxy = await startFaultProxy({ upstream, seed: 1, ...options });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

/** A CoAP client that gives a silent session up after a second. */
const impatient = { deadlineMs: 1_000, deadlinesBeforeReconnect: 1 };

const report = { payload: new TextEncoder().encode('{"a":1}'), contentFormat: 50 };
const TELEMETRY = `api/v1/${TOKEN}/telemetry`;

it("asks and is answered", async () => {
  const sandbox = await secureSandbox();
  const { network } = trusting(sandbox);
  const { ask } = realClient(sandbox.port, {}, network);
  expect((await ask("POST", TELEMETRY, report)).code).toBe("2.01");
  expect((await ask("POST", "api/v1/nobody/telemetry", report)).code).toBe("4.01");
  expect(network.stats()).toMatchObject({ handshakes: 1, ignored: 0, implausible: 0 });
});

it("makes a new session, a full one, after a restart that nobody told it of", async () => {
  const sandbox = await secureSandbox();
  const { network } = trusting(sandbox);
  const { ask } = realClient(sandbox.port, impatient, network);
  await ask("POST", TELEMETRY, report);
  sandbox.restart();
  await expect(ask("POST", TELEMETRY, report)).rejects.toMatchObject({ failure: "timeout" });
  expect((await ask("POST", TELEMETRY, report)).code).toBe("2.01");
  expect(network.stats()).toMatchObject({ handshakes: 2, resumed: 0 });
});

it("takes its session up again after a NAT gave it another port: two round trips to the first answer", async () => {
  const sandbox = await secureSandbox();
  const proxy = await proxyTo(sandbox);
  const { network, sent } = trusting(sandbox);
  const { ask } = realClient(proxy.port, impatient, network);
  await ask("POST", TELEMETRY, report);
  proxy.rebind();
  await expect(ask("POST", TELEMETRY, report)).rejects.toMatchObject({ failure: "timeout" });
  const before = sent.length;
  expect((await ask("POST", TELEMETRY, report)).code).toBe("2.01");
  expect(network.stats()).toMatchObject({ handshakes: 2, resumed: 1 });
  // ClientHello; then what ends the handshake, and the request.
  const flights = sent.slice(before, before + 3).map((datagram) => recordTypes([datagram]));
  expect(flights).toEqual([[22], [20, 22], [23]]);
});

it("takes the session of an earlier run up again, under the same settings only", async () => {
  const sandbox = await secureSandbox();
  let stored: StoredSession | null = null;
  const sessionStore: SessionStore = {
    load: () => stored,
    save(next) {
      stored = next;
    },
  };
  const runs = async (options: Parameters<typeof dtlsClient>[1] = {}) => {
    const { connect, network } = trusting(sandbox, { sessionStore, ...options });
    await connect(sandbox.port);
    return network.stats().resumed;
  };
  expect(await runs()).toBe(0);
  expect(await runs()).toBe(1);
  // What was believed by an address, or not verified at all, vouches for nobody under that name.
  expect(await runs({ serverName: "127.0.0.1" })).toBe(0);
  expect(await runs()).toBe(0);
  expect(await runs({ verify: false })).toBe(0);
  expect(await runs()).toBe(0);
  expect(await runs()).toBe(1);

  const damaged: StoredSession = stored ?? expect.fail("nothing is stored");
  for (const session of [
    "",
    "no PEM",
    damaged.session.slice(0, 200),
    damaged.session.replace(/[A-D]/g, "E"),
  ]) {
    stored = { ...damaged, session };
    expect(await runs()).toBe(0);
  }
  stored = { ...damaged, notAfterMs: Date.now() - 1 };
  expect(await runs()).toBe(0);
});

it("keeps its session through an outage, and through a network that is closed meanwhile", async () => {
  const sandbox = await secureSandbox();
  const stored: (StoredSession | null)[] = [];
  const sessionStore: SessionStore = {
    load: () => stored.at(-1) ?? null,
    save: (next) => void stored.push(next),
  };
  const client = trusting(sandbox, { handshakeMs: 300, sessionStore });
  await client.connect(sandbox.port);
  sandbox.setFaults({ outage: true });
  await expect(client.connect(sandbox.port)).rejects.toMatchObject({ code: "P065" });
  const opening = client.connect(sandbox.port).catch((error: unknown) => error);
  client.network[Symbol.dispose]();
  expect(await opening).toBeInstanceOf(Error);
  sandbox.setFaults({ outage: false });
  const later = trusting(sandbox, { sessionStore });
  await later.connect(sandbox.port);
  expect(later.network.stats()).toMatchObject({ handshakes: 1, resumed: 1 });
  expect(stored).not.toContain(null);
});

it("believes a 4.01 only after a full handshake", async () => {
  const sandbox = await secureSandbox();
  const proxy = await proxyTo(sandbox);
  const { network } = trusting(sandbox);
  const { ask } = realClient(proxy.port, impatient, network);
  const unknown = () => ask("POST", "api/v1/nobody/telemetry", report);
  expect((await unknown()).code).toBe("4.01");
  expect(network.stats()).toMatchObject({ handshakes: 1, resumed: 0 });
  proxy.rebind();
  await expect(unknown()).rejects.toMatchObject({ failure: "timeout" });
  expect((await unknown()).code).toBe("4.01");
  expect(network.stats()).toMatchObject({ handshakes: 3, resumed: 1 });
  expect((await unknown()).code).toBe("4.01");
  expect(network.stats()).toMatchObject({ handshakes: 3, resumed: 1 });
});

it("says that something on the way cuts datagrams", async () => {
  const sandbox = await secureSandbox();
  const proxy = await proxyTo(sandbox, {
    rewrite: (datagram, direction) => (direction === "down" ? datagram.subarray(0, 400) : datagram),
  });
  const { connect, sent } = trusting(sandbox, { handshakeMs: 1_500 });
  await expect(connect(proxy.port)).rejects.toMatchObject({
    code: "P065",
    message: expect.stringMatching(/datagrams from there were cut or are no DTLS/),
    hint: expect.stringContaining("shortens datagrams"),
  });
  expect(recordTypes(sent)).not.toContain(23);
});

it("ends what is under way with its network, whenever that is", async () => {
  const sandbox = await secureSandbox({ faults: { outage: true } });
  const events = { received() {}, failed() {}, closed() {} };
  const address = { host: "127.0.0.1", port: sandbox.port };
  for (let turns = 0; turns < 12; turns++) {
    const { network } = trusting(sandbox);
    const opening = network.connect(address, events).catch((error: unknown) => error);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    if (turns > 8) await new Promise((resolve) => setImmediate(resolve));
    network[Symbol.dispose]();
    expect(await opening).toBeInstanceOf(Error);
    await expect(network.connect(address, events)).rejects.toThrow("released");
  }
});

it("a server name that names nobody believes nobody", async () => {
  const sandbox = await secureSandbox();
  for (const serverName of ["", ".", ".localhost", "evil.example"])
    await expect(trusting(sandbox, { serverName }).connect(sandbox.port)).rejects.toThrow();
});

it("names the certificate of ca_file that is damaged", async () => {
  const sandbox = await secureSandbox();
  const good = sandbox.authority ?? "";
  const damaged = good.replace(/[A-F]{1}(?=[a-z])/g, "!");
  expect(() => dtlsClient(good + damaged + good)).toThrow(/certificate 2 cannot be read/);
  expect(() => dtlsClient("")).toThrow(/not one trusted certificate/);
});

it("a sandbox that is greeted by a thousand strangers goes on", async () => {
  const sandbox = await secureSandbox();
  const hello = Uint8Array.from((await helloOf(sandbox)) ?? expect.fail("no hello was sent"));
  const strangers = await Promise.all(
    Array.from({ length: 1_100 }, async () => {
      const socket = createSocket("udp4");
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      return socket;
    }),
  );
  for (const socket of strangers) {
    socket.send(hello, sandbox.port, "127.0.0.1");
    await once(socket, "message");
  }
  // Its flight has one datagram or two: with two more of them the timers of all the others were due, too.
  const last = strangers.at(-1) ?? expect.fail();
  for (let count = 0; count < 2; count++) await once(last, "message");
  const { network } = trusting(sandbox);
  const { ask } = realClient(sandbox.port, {}, network);
  expect((await ask("POST", TELEMETRY, report)).code).toBe("2.01");
  for (const socket of strangers) socket.close();
});

async function helloOf(sandbox: Sandbox) {
  const { connect, sent } = trusting(sandbox);
  await connect(sandbox.port);
  return sent[0];
}

it("says that nobody answers", async () => {
  const sandbox = await secureSandbox({ faults: { outage: true } });
  await expect(trusting(sandbox, { handshakeMs: 300 }).connect(sandbox.port)).rejects.toMatchObject(
    { code: "P065", message: expect.stringContaining("nothing came back") },
  );
});

const SESSIONS = 50;

it(`${SESSIONS} of ${SESSIONS} sessions stand over a line that loses a fifth each way`, async () => {
  const sandbox = await secureSandbox({ faults: { lossUp: 20, lossDown: 20 }, seed: 7 });
  const { connect } = trusting(sandbox);
  let atFirst = 0;
  const session = async () => {
    for (let tries = 1; ; tries++) {
      try {
        await connect(sandbox.port);
        if (tries === 1) atFirst++;
        return;
      } catch (error) {
        expect(error).toMatchObject({ code: "P065" });
      }
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: SESSIONS }, session));
  const seconds = (performance.now() - startMs) / 1_000;
  process.stdout.write(
    `coaps: ${SESSIONS} sessions over 20 % loss in ${seconds.toFixed(1)} s, ${atFirst} at the first try\n`,
  );
  expect(seconds).toBeLessThan(120);
}, 130_000);
