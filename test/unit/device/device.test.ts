import { expect, it } from "vitest";
import { proofOf } from "../../../agent/credentials.ts";
import { type DeviceDeps, runDevice } from "../../../agent/device/device.ts";
import { createProvisioner } from "../../../agent/device/provisioner.ts";
import { AgentError } from "../../../agent/errors.ts";
import { keptSecret } from "../../../agent/platform/erase-secret.ts";
import { noCertificates } from "../../../agent/platform/no-certificates.ts";
import { createOutbox } from "../../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../../agent/telemetry/publisher.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { createVitals } from "../../../agent/vitals.ts";
import { aJournal, datedTimeline, takenAt } from "../../support/a-journal.ts";
import { answer, fakeServer, fakeThingsBoard } from "../../support/fake-server.ts";
import { tokenOf } from "../../support/identities.ts";
import { memoryIdentity } from "../../support/memory-identity.ts";
import { noSituation } from "../../support/no-status.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const MINUTE = 60_000;
const stopped = new Error("stopped");

function startDevice(overrides: Partial<DeviceDeps> = {}, provisionSecret = keptSecret) {
  const clock = virtualClock();
  const log = recordingLog();
  const identity = memoryIdentity();
  const tb = fakeThingsBoard();
  const broken = { now: false, code: "", maxAge: 60 };
  const server = fakeServer((request) => {
    if (broken.now) return new AgentError("transient", "no answer");
    if (broken.code !== "") return { ...answer(broken.code), maxAge: broken.maxAge };
    return tb.transport.request(request, new AbortController().signal);
  });
  const api = createDeviceApi(server);
  const random = { fraction: () => 0.999, bytes: (size: number) => new Uint8Array(size).fill(7) };
  const journal = aJournal(clock);
  const outbox = createOutbox({ journal, timeline: datedTimeline, liveFirst: true });
  const serialise = { precision: 3, isDecimal: () => false };
  const statuses: string[] = [];
  const deps: DeviceDeps = {
    provisioner: createProvisioner({
      api,
      store: identity.store,
      certificates: noCertificates,
      credentialsType: "access_token",
      random,
      board: { model: null, serial: "1", macs: [], machineId: null, hostname: null },
      server: "tb",
      deviceName: "dev",
      key: "k",
      secret: "s",
      provisionSecret,
      onHardwareChange: "reprovision",
      showsCertificates: true,
      log,
    }),
    publisher: createPublisher({
      onServerFault() {},
      ...{ api, outbox, serialise, clock, random, log },
      intervalMs: 10_000,
      maxPerSecond: null,
      aside: { keep() {} },
    }),
    outbox,
    situation: noSituation,
    attributes: { afterDelivery: async () => {} },
    clock,
    random,
    vitals: createVitals(clock),
    services: {
      ready() {},
      status: (text) => void statuses.push(text),
      watchdogMs: null,
      watchdog() {},
      stopping() {},
    },
    onRevoked: "wait",
    splayMs: { provisioning: 0, telemetry: 0 },
    log,
    ...overrides,
  };
  const stop = new AbortController();
  const ended = runDevice(deps, stop.signal).catch((error: unknown) => error);
  const accept = (value: number) =>
    outbox.accept({ taken: takenAt(clock.now()), readings: { value } });
  const states = () => log.lines.map(({ event }) => event).filter((event) => event.includes("->"));
  const end = async () => {
    stop.abort(stopped);
    await clock.settle();
    return ended;
  };
  return { clock, log, tb, server, broken, outbox, accept, states, statuses, end, deps };
}

it("provisions itself, delivers what waits, and is online", async () => {
  const { clock, tb, accept, states, outbox, end } = startDevice();
  await accept(1);
  await clock.settle();
  expect(states()).toEqual([
    "unprovisioned -> provisioning",
    "provisioning -> offline",
    "offline -> online",
  ]);
  expect(tb.telemetry).toHaveLength(1);
  expect(outbox.stats().waiting).toBe(0);
  expect(await end()).toBe(stopped);
});

it("a server that is away costs nothing but time: all is delivered, the newest first", async () => {
  const { clock, tb, broken, accept, states, end } = startDevice();
  await accept(0);
  await clock.settle();
  broken.now = true;
  for (let value = 1; value <= 5; value++) {
    await accept(value);
    await clock.advance(MINUTE);
  }
  expect(states().at(-1)).toBe("online -> offline");
  broken.now = false;
  await clock.advance(6 * MINUTE);
  const sent = tb.telemetry.slice(1).join("");
  expect(states().at(-1)).toBe("offline -> online");
  expect([...sent.matchAll(/"value":(\d)/g)].map(([, value]) => value)).toEqual([
    "5",
    "1",
    "2",
    "3",
    "4",
  ]);
  await end();
});

it("waits as long as a server asks that limits the rate, and a while of its own", async () => {
  const { clock, broken, server, accept, states, outbox, end } = startDevice();
  await accept(0);
  await clock.settle();
  Object.assign(broken, { code: "4.29", maxAge: 600 });
  const before = server.requests.length;
  await accept(1);
  await clock.advance(9 * MINUTE);
  expect(states().at(-1)).toBe("online -> offline");
  expect(server.requests.length - before).toBe(1);
  broken.code = "";
  await clock.advance(MINUTE - 1);
  expect(outbox.stats().waiting).toBe(1);
  await clock.advance(2_001);
  expect(outbox.stats().waiting).toBe(0);
  await end();
});

it("what fails meanwhile does not shorten what the server has asked for", async () => {
  const { clock, broken, server, accept, states, deps, end } = startDevice({
    onRevoked: "reprovision",
  });
  await accept(0);
  await clock.settle();
  Object.assign(deps.provisioner, {
    release() {
      throw new AgentError("storage", "credentials.json could not be written");
    },
  });
  broken.code = "4.01";
  await accept(1);
  await clock.advance(10_000);
  expect(states().at(-1)).toBe("offline -> revoked");
  Object.assign(broken, { code: "4.29", maxAge: 3_600 });
  await clock.advance(2 * MINUTE);
  const before = server.requests.length;
  await clock.advance(57 * MINUTE);
  expect(server.requests).toHaveLength(before);
  await clock.advance(20 * MINUTE);
  expect(server.requests.length).toBeGreaterThan(before);
  await end();
});

it("an outage is logged at the 1st, 2nd, 4th, 8th failure, not at every one", async () => {
  const { clock, broken, accept, log, end } = startDevice();
  await accept(0);
  await clock.settle();
  broken.now = true;
  await accept(1);
  await clock.advance(24 * 60 * MINUTE);
  const counts = log.lines
    .filter(({ level }) => level === "warn")
    .map(({ fields }) => fields["count"]);
  expect(counts.slice(0, 4)).toEqual([1, 2, 4, 8]);
  expect(counts.length).toBeLessThan(12);
  await end();
});

it("three 4.01 revoke: it stops publishing, probes seldom, and recovers by itself", async () => {
  const { clock, broken, server, accept, states, log, end } = startDevice();
  await accept(0);
  await clock.settle();
  broken.code = "4.01";
  await accept(1);
  await clock.advance(10_000);
  expect(states().at(-1)).toBe("offline -> revoked");
  expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { hint: expect.any(String) } });
  const before = server.requests.length;
  await clock.advance(60 * MINUTE);
  expect(server.requests.length - before).toBe(3); // after 1, 5 and 15 minutes
  broken.code = "";
  await clock.advance(70 * MINUTE);
  expect(states().at(-1)).toBe("revoked -> online");
  await end();
});

it('with on_revoked = "reprovision" it lets the token go and asks for a new one', async () => {
  const { clock, tb, accept, states, end } = startDevice({ onRevoked: "reprovision" });
  await accept(0);
  await clock.settle();
  tb.devices.clear(); // the operator deleted the device
  await accept(1);
  await clock.advance(MINUTE);
  expect(states().slice(-4)).toEqual([
    "revoked -> unprovisioned",
    "unprovisioned -> provisioning",
    "provisioning -> offline",
    "offline -> online",
  ]);
  expect(tb.telemetry).toHaveLength(2);
  await end();
});

it("a secret that was spent with the first delivery is not used again: revoked, it waits, and says what is needed", async () => {
  const lacks: (string | undefined)[] = [];
  const situation = {
    ...noSituation,
    entered: (_: unknown, lack: AgentError | null) => void lacks.push(lack?.code),
  };
  let spent = 0;
  const provisionSecret = { spend: () => ++spent > 0 };
  const started = startDevice({ onRevoked: "reprovision", situation }, provisionSecret);
  const { clock, tb, accept, states, statuses, log, end } = started;
  expect(spent).toBe(0);
  await accept(0);
  await clock.settle();
  expect(spent).toBe(1);
  tb.devices.clear();
  await accept(1);
  await clock.advance(60 * MINUTE);
  expect(states().at(-1)).toBe("offline -> revoked");
  expect(log.lines.find(({ event }) => event === "offline -> revoked")?.fields).toMatchObject({
    code: "P026",
    hint: expect.stringContaining("secret_file"),
  });
  expect(statuses.at(-1)).toBe("revoked, secret needed, 1 samples waiting");
  expect(lacks.at(-1)).toBe("P026");
  expect(lacks.slice(0, 4)).toEqual(Array(4).fill(undefined));
  await end();
});

it("a refusal waits for the operator and says what to do", async () => {
  const { clock, tb, log, server, end } = startDevice();
  tb.devices.set("dev", "somebody else's");
  await clock.settle();
  expect(log.lines.at(-1)).toMatchObject({ fields: { code: "P021", hint: expect.any(String) } });
  const before = server.requests.length;
  await clock.advance(14 * MINUTE);
  expect(server.requests).toHaveLength(before);
  tb.devices.delete("dev");
  await clock.advance(3 * MINUTE);
  expect(tb.devices.has("dev")).toBe(true);
  await end();
});

it("after a power cut the first request waits for its place in the splay", async () => {
  const { clock, server, end } = startDevice({
    splayMs: { provisioning: 120_000, telemetry: 30_000 },
  });
  await clock.advance(119_000);
  expect(server.requests).toHaveLength(0);
  await clock.advance(1_000);
  expect(server.requests).toHaveLength(1);
  await end();
});

it("a planned wait is life to the watchdog", async () => {
  const { clock, deps, broken, accept, end } = startDevice();
  await accept(0);
  broken.now = true;
  await clock.advance(30 * MINUTE);
  expect(deps.vitals.overdue()).toEqual([]);
  await end();
});

it("a bug ends the run: nobody hides it", async () => {
  const bug = new TypeError("oops");
  const { end } = startDevice({
    provisioner: {
      canProvision: true,
      stored: () => null,
      attempt: () => Promise.reject(bug),
      renew: () => Promise.reject(bug),
      adopt: () => Promise.reject(bug),
      rotate: () => Promise.reject(bug),
      candidate: () => null,
      retryCandidate: () => Promise.reject(bug),
      onRotated() {},
      proven() {},
      release() {},
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(await end()).toBe(bug);
});

it("tells of every delivery, and does not wait for what comes of it", async () => {
  const told: string[] = [];
  let ended = false;
  const { clock, tb, accept, states, end } = startDevice({
    attributes: {
      afterDelivery: (login, signal) =>
        new Promise((resolve) => {
          told.push(proofOf(login));
          const onAbort = () => {
            ended = true;
            resolve();
          };
          signal.addEventListener("abort", onAbort, { once: true });
        }),
    },
  });
  await accept(1);
  await clock.settle();
  await accept(2);
  await clock.settle();
  expect(tb.telemetry).toHaveLength(2);
  expect(told).toEqual([...tb.devices.values()].flatMap((token) => [token, token]));
  expect(states().at(-1)).toBe("offline -> online");
  expect(await end()).toBe(stopped);
  expect(ended).toBe(true);
});

it("a failed delivery is not told", async () => {
  const told: string[] = [];
  const { clock, broken, accept, end } = startDevice({
    attributes: { afterDelivery: async (login) => void told.push(proofOf(login)) },
  });
  await clock.settle();
  broken.now = true;
  await accept(1);
  await clock.advance(MINUTE);
  expect(told).toEqual([]);
  await end();
});

it("a bug beside the loop ends the run as well", async () => {
  const bug = new TypeError("oops");
  const { clock, accept, end } = startDevice({
    attributes: { afterDelivery: () => Promise.reject(bug) },
  });
  await accept(1);
  await clock.settle();
  expect(await end()).toBe(bug);
});

it("a new token is used at once, also in the middle of a long wait", async () => {
  const { clock, tb, accept, states, outbox, deps, end } = startDevice();
  await accept(0);
  await clock.settle();
  tb.devices.set("dev", "next");
  await accept(1);
  await clock.advance(10_000);
  expect(states().at(-1)).toBe("offline -> revoked");
  await deps.provisioner.rotate("next", new AbortController().signal);
  await clock.settle();
  expect(states().slice(-2)).toEqual(["revoked -> offline", "offline -> online"]);
  expect(outbox.stats().waiting).toBe(0);
  tb.devices.set("dev", "third");
  await deps.provisioner.rotate("third", new AbortController().signal);
  await accept(2);
  await clock.settle();
  expect(states().at(-1)).toBe("offline -> online"); // it never left
  expect(tb.telemetry).toHaveLength(3);
  expect(await end()).toBe(stopped);
});

it("a token that was refused is asked about once more when the server refuses the old one", async () => {
  const { clock, tb, server, accept, states, log, deps, end } = startDevice();
  await accept(0);
  await clock.settle();
  const { rotate } = deps.provisioner;
  await expect(rotate("next", new AbortController().signal)).rejects.toThrow("4.01");
  const questions = () => server.asked().filter((asked) => asked === "GET attributes").length;
  for (let value = 1; value < 20; value++) {
    await accept(value);
    await clock.advance(MINUTE);
  }
  expect(questions()).toBe(2); // when it came, and with the first delivery after it
  expect(log.lines.filter(({ fields }) => fields["code"] === "P032")).toHaveLength(1);
  tb.devices.set("dev", "next"); // the operator pastes it
  await accept(20);
  await clock.advance(10_000);
  expect(states().slice(-3)).toEqual([
    "offline -> revoked",
    "revoked -> offline",
    "offline -> online",
  ]);
  expect(await end()).toBe(stopped);
});

it("a token that could not be asked about is asked about with the deliveries, not in a storm", async () => {
  const { clock, tb, server, accept, deps, end } = startDevice();
  await accept(0);
  await clock.settle();
  tb.hooks.beforeAnswer = (asked) => {
    if (asked === "GET attributes") throw new AgentError("transient", "no answer");
  };
  const { rotate } = deps.provisioner;
  await expect(rotate("next", new AbortController().signal)).rejects.toThrow("no answer");
  for (let value = 1; value < 3_600; value++) {
    await accept(value);
    await clock.advance(1_000);
  }
  const questions = server.asked().filter((asked) => asked === "GET attributes").length;
  expect(questions).toBeGreaterThan(3);
  expect(questions).toBeLessThan(15);
  tb.hooks.beforeAnswer = () => {};
  tb.devices.set("another", "next");
  for (let minute = 0; minute < 16; minute++) {
    await accept(minute);
    await clock.advance(MINUTE);
  }
  expect(tokenOf(deps.provisioner.stored())).toBe("next");
  expect(await end()).toBe(stopped);
});

it("a disk that does not let the revoked token go is no reason to spin: the old one is probed meanwhile", async () => {
  const { clock, tb, server, accept, deps, end } = startDevice({ onRevoked: "reprovision" });
  await accept(0);
  await clock.settle();
  const { release } = deps.provisioner;
  let isFull = true;
  Object.assign(deps.provisioner, {
    release() {
      if (isFull) throw new AgentError("storage", "ENOSPC");
      release();
    },
  });
  tb.devices.clear();
  await accept(1);
  await clock.advance(10_000);
  const before = server.requests.length;
  await clock.advance(7 * MINUTE);
  expect(server.requests.length - before).toBe(2);
  isFull = false;
  await clock.advance(20 * MINUTE);
  expect(tb.telemetry).toHaveLength(2);
  expect(await end()).toBe(stopped);
});
