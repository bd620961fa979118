import { describe, expect, test } from "vitest";
import type { SandboxEvent } from "../../agent/sandbox/sandbox.ts";
import { openSandboxWorld, type SandboxWorld } from "../support/sandbox-world.ts";

/** The faults one can set, and what a person in front of ThingsBoard can do to a device. */

const telemetry = (body: string, more = {}) =>
  ({ method: "POST", path: "/api/v1/boardToken/telemetry", body, ...more }) as const;
const provision = (fields = {}) =>
  ({
    method: "POST",
    path: "/api/v1/provision",
    body: JSON.stringify({
      provisionDeviceKey: "sandbox-key",
      provisionDeviceSecret: "sandbox-secret",
      deviceName: "dev",
      ...fields,
    }),
  }) as const;
const points = ({ sandbox }: SandboxWorld) => sandbox.state().devices["board"]?.telemetry.points;

/** Lets datagrams arrive until it holds; the test's own limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a fault", () => {
  test("of the network loses what its percentage says, and counts the sends all the same", async () => {
    const events: SandboxEvent[] = [];
    await using world = await openSandboxWorld({
      faults: { lossUp: 100 },
      onEvent: (event) => events.push(event),
    });
    const { client, sandbox } = world;
    const sent = client.send(telemetry('{"a":1}'));
    client.send(telemetry('{"a":1}', sent));
    await until(() => sandbox.state().counters.lostByFault === 2);
    sandbox.setFaults({ lossUp: 0 });
    client.send(telemetry('{"a":1}', sent));
    expect((await client.next()).code).toBe("2.01");
    expect(events).toMatchObject([{ code: "2.01", sends: 3, repeat: false }]);
  });

  test("of the network is the same again from the same seed", async () => {
    const run = async (seed: number) => {
      await using world = await openSandboxWorld({ seed, faults: { lossDown: 50 } });
      for (let turn = 0; turn < 40; turn++) {
        const token = turn.toString(16).padStart(2, "0");
        world.client.send(telemetry("{", { type: "NON", token }));
      }
      await until(() => world.sandbox.state().counters.requests === 40);
      world.sandbox.setFaults({ lossDown: 0 });
      return (await world.client.settled()).map(({ token }) => token);
    };
    const [first, second, other] = [await run(7), await run(7), await run(8)];
    expect(second).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(35);
  });

  test("that doubles datagrams does not store a value twice", async () => {
    await using world = await openSandboxWorld({ faults: { duplicate: 100 } });
    world.client.send(telemetry('{"a":1}'));
    const answers = [await world.client.next(), await world.client.next()];
    expect(answers.map(({ code }) => code)).toEqual(["2.01", "2.01"]);
    expect(points(world)).toBe(1);
    expect(world.sandbox.state().counters.repeats).toBe(1);
  });

  test("of delay holds a datagram each way", async () => {
    await using world = await openSandboxWorld();
    const { client, clock, sandbox } = world;
    await client.settled();
    sandbox.setFaults({ delayMs: 200 });
    client.send(telemetry('{"a":1}'));
    await clock.until(() => points(world) === 1);
    const arrivedAt = clock.monotonic();
    await clock.until(() => sandbox.state().counters.datagramsOut > 1);
    expect(clock.monotonic() - arrivedAt).toBe(200);
    expect((await client.next()).code).toBe("2.01");
  });

  test("of outage silences the server for its time", async () => {
    await using world = await openSandboxWorld();
    const { client, clock, sandbox } = world;
    sandbox.outage(60_000);
    client.send(telemetry('{"a":1}'));
    await until(() => sandbox.state().counters.lostByFault === 1);
    await clock.advance(60_000);
    expect((await world.ask(telemetry('{"b":1}'))).code).toBe("2.01");
    expect(points(world)).toBe(1);
  });

  test("that drops the provisioning answer creates the device and says nothing, ever", async () => {
    await using world = await openSandboxWorld({ faults: { dropProvisionAnswers: 1 } });
    const { client, clock, sandbox } = world;
    const sent = client.send(provision());
    client.send({ ...provision(), ...sent });
    await client.settled();
    await clock.advance(240_000);
    client.send({ ...provision(), ...sent });
    expect(await client.settled()).toEqual([]);
    expect(sandbox.state().devices["dev"]?.provisioned).toBe(true);
    expect((await world.ask(provision())).payload.toString()).toContain("FAILURE");
  });

  test("that delays the provisioning answer acknowledges first", async () => {
    await using world = await openSandboxWorld({ faults: { lateProvisionAnswerMs: 5_000 } });
    const { client, clock } = world;
    client.send(provision());
    expect(await client.settled()).toEqual([]);
    await clock.advance(5_000);
    expect(await client.next()).toMatchObject({ type: "ACK", code: "0.00" });
    expect(await client.next()).toMatchObject({ type: "CON", code: "2.01" });
  });

  test("that drops an answer gives it to the retransmission", async () => {
    await using world = await openSandboxWorld();
    const { client, sandbox } = world;
    for (const request of [provision(), telemetry('{"a":1}')]) {
      sandbox.setFaults({ dropAnswers: 1 });
      const sent = client.send(request);
      expect(await client.settled()).toEqual([]);
      client.send({ ...request, ...sent });
      const answers = await client.settled();
      expect(answers.at(-1)?.code).toBe("2.01");
    }
    expect(points(world)).toBe(1);
  });

  test("of 5.00 carries nothing out, for the next ones or for a percentage", async () => {
    await using world = await openSandboxWorld({ faults: { failNext: 1 } });
    expect((await world.ask(telemetry('{"a":1}'))).code).toBe("5.00");
    expect((await world.ask(telemetry('{"a":1}'))).code).toBe("2.01");
    world.sandbox.setFaults({ failPercent: 100 });
    expect((await world.ask(provision())).code).toBe("5.00");
    expect(Object.keys(world.sandbox.state().devices)).toEqual(["board"]);
  });

  test("of rate refuses what exceeds the messages or the data points of a second", async () => {
    await using world = await openSandboxWorld({ faults: { rate: 2, pointRate: 3 } });
    const codes = [];
    for (let turn = 0; turn < 3; turn++) codes.push((await world.ask(telemetry('{"a":1}'))).code);
    expect(codes).toEqual(["2.01", "2.01", "5.00"]);
    await world.clock.advance(1_000);
    expect((await world.ask(telemetry('{"a":1,"b":2,"c":3,"d":4}'))).code).toBe("5.00");
  });

  test("of reset rejects the request and forgets it", async () => {
    await using world = await openSandboxWorld({ faults: { resetNext: 1 } });
    const sent = world.client.send(telemetry('{"a":1}'));
    expect(await world.client.next()).toMatchObject({ type: "RST", messageId: sent.messageId });
    expect((await world.ask(telemetry('{"a":1}', sent))).code).toBe("2.01");
  });

  test("without a name or out of its range is refused with the names there are", async () => {
    await using world = await openSandboxWorld();
    const set = (faults: object) => () => world.sandbox.setFaults(faults);
    expect(set({ los: 3 })).toThrow('there is no fault "los"');
    expect(set({ lossUp: 101 })).toThrow("lossUp is a percentage from 0 to 100");
    expect(set({ rate: -1 })).toThrow("rate is a whole number from 0 on");
    expect(set({ answerStyle: "loud" })).toThrow("answerStyle is separate, piggybacked, slow");
  });
});

describe("the operator", () => {
  test("revokes a device: 2.02 to its observation, 4.01 to its next request", async () => {
    await using world = await openSandboxWorld();
    const path = "/api/v1/boardToken/attributes";
    await world.ask({ method: "GET", path, observe: 0, token: "aa" });
    world.sandbox.revoke("board");
    expect(await world.client.next()).toMatchObject({ code: "2.02", token: "aa" });
    expect((await world.ask(telemetry('{"a":1}'))).code).toBe("4.01");
  });

  test("deletes a device, whose name may then provision again", async () => {
    await using world = await openSandboxWorld();
    await world.ask(provision());
    expect((await world.ask(provision())).code).toBe("4.00");
    world.sandbox.deleteDevice("dev");
    expect((await world.ask(provision())).code).toBe("2.01");
  });

  test("gets the reply to an RPC that waited for the device to subscribe", async () => {
    await using world = await openSandboxWorld();
    const { client, sandbox } = world;
    const reply = sandbox.sendRpc("board", { method: "reboot" });
    const path = "/api/v1/boardToken/rpc";
    const first = await world.ask({ method: "GET", path, observe: 0, token: "aa" });
    expect([first.code, first.payload.length]).toEqual(["2.03", 0]);
    const call = await client.next();
    client.acknowledge(call);
    expect(JSON.parse(call.payload.toString())).toEqual({ id: 0, method: "reboot", params: null });
    await world.ask({ method: "POST", path: `${path}/0`, body: '{"ok":true}' });
    expect(await reply).toEqual({ ok: true });
    expect((await world.ask({ method: "POST", path: `${path}/0`, body: "{}" })).code).toBe("2.01");
  });

  test("has an unanswered two-way RPC pushed again on every subscription, until it times out", async () => {
    await using world = await openSandboxWorld();
    const { client, clock, sandbox } = world;
    const late = expect(sandbox.sendRpc("board", { method: "m" })).rejects.toThrow("no reply");
    const path = "/api/v1/boardToken/rpc";
    for (const token of ["aa", "bb"]) {
      client.send({ method: "GET", path, observe: 0, token });
      let message = await client.next();
      while (message.token !== token || message.code !== "2.05") {
        client.acknowledge(message);
        message = await client.next();
      }
      client.acknowledge(message);
      expect(JSON.parse(message.payload.toString())).toMatchObject({ id: 0, method: "m" });
    }
    await clock.advance(10_000);
    await late;
  });

  test("is told which devices there are when he names another", async () => {
    await using world = await openSandboxWorld();
    expect(() => world.sandbox.revoke("bord")).toThrow(
      expect.objectContaining({ hint: 'known devices: "board"' }),
    );
  });

  test("may plan an outage and a revocation after the first telemetry", async () => {
    await using world = await openSandboxWorld({
      afterFirstTelemetry: { revoke: true, outageMs: 1_000 },
    });
    await world.ask(telemetry('{"a":1}'));
    await world.clock.advance(9_999);
    expect(world.sandbox.accessTokenOf("board")).toBe("boardToken");
    await world.clock.advance(1);
    expect(world.sandbox.accessTokenOf("board")).toBeNull();
    expect(world.sandbox.state().faults.outage).toBe(true);
    await world.clock.advance(1_000);
    expect(world.sandbox.state().faults.outage).toBe(false);
  });
});

test("an event names the feature and never the token or the secret", async () => {
  const events: SandboxEvent[] = [];
  await using world = await openSandboxWorld({ onEvent: (event) => events.push(event) });
  await world.ask(provision({ token: "deviceSecretToken" }));
  await world.ask({ ...telemetry('{"a":1}'), path: "/api/v1/deviceSecretToken/telemetry" });
  await world.ask({ ...telemetry('{"a":1}'), path: "/api/v1/deviceSecretToken/firmware" });
  world.sandbox.setFaults({ failNext: 1 });
  await world.ask({ ...telemetry('{"a":1}'), path: "/api/v1/deviceSecretToken/telemetry" });
  expect(events.map(({ method, path, code, device }) => [method, path, code, device])).toEqual([
    ["POST", "provision", "2.01", "dev"],
    ["POST", "telemetry", "2.01", "dev"],
    ["POST", null, "4.00", null],
    ["POST", "telemetry", "5.00", null],
  ]);
  expect(JSON.stringify([events, world.sandbox.state()])).not.toMatch(
    /deviceSecretToken|sandbox-secret|boardToken/,
  );
});

test("a batch that arrives twice overwrites its values and counts as repeats", async () => {
  await using world = await openSandboxWorld();
  const batch = JSON.stringify([
    { ts: 1_000, values: { a: 1, b: 2 } },
    { ts: 2_000, values: { a: 3 } },
  ]);
  await world.ask(telemetry(batch));
  await world.ask(telemetry(batch));
  const { samples, repeats, keys } =
    world.sandbox.state().devices["board"]?.telemetry ?? expect.unreachable();
  expect({ samples, points: points(world), repeats }).toEqual({
    samples: 2,
    points: 3,
    repeats: 3,
  });
  expect(keys["a"]?.recent.map(({ ts, value }) => [ts, value])).toEqual([
    [1_000, 1],
    [2_000, 3],
  ]);
});
