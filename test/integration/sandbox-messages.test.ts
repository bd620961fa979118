import { describe, expect, test } from "vitest";
import { openRawClient, optionUint, rawBytes } from "../support/raw-coap.ts";
import { openSandboxWorld, type SandboxWorld } from "../support/sandbox-world.ts";

/** The sandbox's message layer: acknowledgement, repetition, blocks, as ThingsBoard's stack does them. */

const telemetry = (body: string, more = {}) =>
  ({ method: "POST", path: "/api/v1/boardToken/telemetry", body, ...more }) as const;
const observe = (feature: "attributes" | "rpc", token: string, more = {}) =>
  ({ method: "GET", path: `/api/v1/boardToken/${feature}`, observe: 0, token, ...more }) as const;

const points = ({ sandbox }: SandboxWorld) => sandbox.state().devices["board"]?.telemetry.points;
const observes = ({ sandbox }: SandboxWorld) => sandbox.state().devices["board"]?.observes;

describe("an answer of its own", () => {
  test("is sent again four times, each wait twice the former, until nobody acknowledged it", async () => {
    await using world = await openSandboxWorld();
    const { client, clock, sandbox } = world;
    client.send(telemetry('{"a":1}'));
    const first = await client.next();
    const waits: number[] = [];
    for (let sentAt = clock.monotonic(); waits.length < 4; sentAt = clock.monotonic()) {
      await clock.until(() => sandbox.state().counters.retransmissions > waits.length);
      waits.push(clock.monotonic() - sentAt);
      expect(await client.next()).toEqual(first);
    }
    const [initial = 0] = waits;
    expect(initial).toBeGreaterThanOrEqual(2_000);
    expect(initial).toBeLessThanOrEqual(3_000);
    expect(waits.map((wait) => Math.round(wait / initial))).toEqual([1, 2, 4, 8]);
    await clock.advance(300_000);
    expect(await client.settled()).toEqual([]);
    expect(sandbox.state().counters.timeouts).toBe(1);
  });

  test("is not sent again once it is acknowledged", async () => {
    await using world = await openSandboxWorld();
    await world.ask(telemetry('{"a":1}'));
    await world.client.settled();
    await world.clock.advance(300_000);
    expect(await world.client.settled()).toEqual([]);
    expect(world.sandbox.state().counters.retransmissions).toBe(0);
  });

  test("comes again after an empty ACK when the request is repeated before it was acknowledged", async () => {
    await using world = await openSandboxWorld();
    const { client } = world;
    const sent = client.send(telemetry('{"a":1}'));
    const first = await client.next();
    client.send(telemetry('{"a":1}', sent));
    const again = await client.settled();
    expect(again).toEqual([expect.objectContaining({ type: "ACK", code: "0.00" }), first]);
    client.acknowledge(first);
    client.send(telemetry('{"a":1}', sent));
    const [acknowledgement, ...rest] = await client.settled();
    expect(acknowledgement).toMatchObject({ type: "ACK", code: "0.00", messageId: sent.messageId });
    expect(rest).toEqual([]);
    expect(points(world)).toBe(1);
  });
});

describe("a message ID", () => {
  test("is remembered for 247 s, so that a retransmission is not carried out twice", async () => {
    await using world = await openSandboxWorld();
    const { clock, sandbox } = world;
    await world.ask(telemetry('{"a":1}', { type: "NON", messageId: 5 }));
    await clock.advance(246_000);
    await world.ask(telemetry('{"a":1}', { type: "NON", messageId: 5 }));
    expect([sandbox.state().counters.requests, points(world)]).toEqual([1, 1]);
    await clock.advance(2_000);
    await world.ask(telemetry('{"a":1}', { type: "NON", messageId: 5 }));
    expect([sandbox.state().counters.requests, points(world)]).toEqual([2, 2]);
  });

  test("belongs to its sender: the same one from another port is another request", async () => {
    await using world = await openSandboxWorld();
    await using second = await openRawClient(world.sandbox.port);
    await world.ask(telemetry('{"a":1}', { messageId: 5 }));
    second.send(telemetry('{"b":1}', { messageId: 5 }));
    expect((await second.next()).code).toBe("2.01");
    expect(points(world)).toBe(2);
  });

  test("is forgotten by a restart", async () => {
    await using world = await openSandboxWorld();
    await world.ask(telemetry('{"a":1}', { messageId: 5 }));
    world.sandbox.restart();
    await world.ask(telemetry('{"b":1}', { messageId: 5 }));
    expect(points(world)).toBe(2);
  });
});

describe("the answer style", () => {
  test("piggybacked puts a success into the ACK", async () => {
    await using world = await openSandboxWorld({ faults: { answerStyle: "piggybacked" } });
    const sent = world.client.send(telemetry('{"a":1}'));
    expect(await world.client.next()).toMatchObject({ type: "ACK", code: "2.01", ...sent });
  });

  test("slow sends an empty ACK first and the answer as a confirmable message after it", async () => {
    await using world = await openSandboxWorld({ faults: { answerStyle: "slow" } });
    const { client, clock } = world;
    const { token, messageId } = client.send(telemetry('{"a":1}'));
    expect(await client.settled()).toEqual([]);
    await clock.advance(600);
    expect(await client.next()).toMatchObject({ type: "ACK", code: "0.00", messageId });
    expect(await client.next()).toMatchObject({ type: "CON", code: "2.01", token });
  });
});

describe("an observation", () => {
  test("follows a non-confirmable registration with non-confirmable notifications", async () => {
    await using world = await openSandboxWorld();
    const { client, sandbox } = world;
    const first = await world.ask(observe("attributes", "aa", { type: "NON" }));
    expect([first.type, optionUint(first, 6)]).toEqual(["NON", 0]);
    for (const value of [1, 2]) sandbox.setSharedAttributes("board", { value });
    const pushed = [await client.next(), await client.next()];
    expect(pushed.map((one) => [one.type, optionUint(one, 6)])).toEqual([
      ["NON", 1],
      ["NON", 2],
    ]);
    client.reset(first);
    await client.settled();
    expect(observes(world)).toEqual(["attributes"]);
    client.reset(pushed[1] ?? expect.unreachable());
    await client.settled();
    expect(observes(world)).toEqual([]);
  });

  test("has one confirmable notification in transit; of those waiting only the newest survives", async () => {
    await using world = await openSandboxWorld();
    const { client, sandbox } = world;
    await world.ask(observe("attributes", "aa"));
    for (const value of [1, 2, 3]) sandbox.setSharedAttributes("board", { value });
    const [inTransit, ...more] = await client.settled();
    expect(inTransit?.payload.toString()).toBe('{"value":1}');
    expect(more).toEqual([]);
    client.acknowledge(inTransit ?? expect.unreachable());
    const next = await client.next();
    expect([next.payload.toString(), optionUint(next, 6)]).toEqual(['{"value":3}', 3]);
  });

  test("is dropped with all others of its address when a notification is never acknowledged", async () => {
    await using world = await openSandboxWorld();
    await world.ask(observe("attributes", "aa"));
    await world.ask(observe("rpc", "bb"));
    await world.client.settled();
    expect(observes(world)).toEqual(["attributes", "rpc"]);
    world.sandbox.setSharedAttributes("board", { value: 1 });
    await world.clock.advance(100_000);
    expect(observes(world)).toEqual([]);
  });

  test("starts at 0 again when the same peer registers the same token", async () => {
    await using world = await openSandboxWorld();
    await world.ask(observe("attributes", "aa"));
    world.sandbox.setSharedAttributes("board", { value: 1 });
    world.client.acknowledge(await world.client.next());
    const again = await world.ask(observe("attributes", "aa"));
    expect([again.code, optionUint(again, 6), again.payload.toString()]).toEqual([
      "2.05",
      0,
      '{"value":1}',
    ]);
    expect(await world.client.settled()).toEqual([]);
  });

  test("with a fresh token displaces our own old one, which gets 2.02 on its old token", async () => {
    await using world = await openSandboxWorld();
    const { client } = world;
    await world.ask(observe("attributes", "aa"));
    client.send(observe("attributes", "bb"));
    const both = [await client.next(), await client.next()];
    expect(both.map(({ code, token }) => [code, token])).toEqual([
      ["2.02", "aa"],
      ["2.05", "bb"],
    ]);
  });

  test("refused with 5.00 leaves its token noted: the same token again gets no answer", async () => {
    await using world = await openSandboxWorld({ faults: { rate: 1 } });
    await world.ask({ method: "GET", path: "/api/v1/boardToken/attributes" });
    expect((await world.ask(observe("attributes", "aa"))).code).toBe("5.00");
    await world.clock.advance(2_000);
    world.client.send(observe("attributes", "aa"));
    expect(await world.client.settled()).toEqual([]);
    expect((await world.ask(observe("attributes", "bb"))).code).toBe("2.05");
  });

  test("of claim or provision observes the attributes, as in ThingsBoard", async () => {
    await using world = await openSandboxWorld();
    const path = "/api/v1/boardToken/claim";
    expect((await world.ask({ method: "GET", path, observe: 0 })).code).toBe("2.05");
    expect(observes(world)).toEqual(["attributes"]);
  });
});

describe("blocks", () => {
  const long = { text: "x".repeat(2_500) };
  const body = JSON.stringify(long);

  test("carry an answer over 1024 bytes, each with its number", async () => {
    await using world = await openSandboxWorld();
    world.sandbox.setSharedAttributes("board", long);
    const path = "/api/v1/boardToken/attributes";
    let received = "";
    for (const [number, more] of [
      [0, 8],
      [1, 8],
      [2, 0],
    ] as const) {
      const block2 = number === 0 ? {} : { block2: number * 16 + 6 };
      const answer = await world.ask({ method: "GET", path, ...block2 });
      expect([answer.code, optionUint(answer, 23)]).toEqual(["2.05", number * 16 + more + 6]);
      received += answer.payload.toString();
    }
    expect(JSON.parse(received)).toEqual({ shared: long });
  });

  test("carry a notification over 1024 bytes; the rest is asked for", async () => {
    await using world = await openSandboxWorld();
    await world.ask(observe("attributes", "aa"));
    world.sandbox.setSharedAttributes("board", long);
    const first = await world.client.next();
    world.client.acknowledge(first);
    expect([optionUint(first, 6), optionUint(first, 23)]).toEqual([1, 8 + 6]);
    const path = "/api/v1/boardToken/attributes";
    let received = first.payload.toString();
    for (const number of [1, 2]) {
      const block2 = number * 16 + 6;
      received += (await world.ask({ method: "GET", path, block2 })).payload.toString();
    }
    expect(JSON.parse(received)).toEqual(long);
  });

  const block = (number: number, more: boolean, extra = {}) =>
    telemetry(body.slice(number * 1024, (number + 1) * 1024), {
      block1: number * 16 + (more ? 8 : 0) + 6,
      ...extra,
    });

  test("of an upload may begin anew after an abandoned, longer one", async () => {
    await using world = await openSandboxWorld();
    for (const number of [0, 1, 2]) {
      const abandoned = telemetry("z".repeat(1024), { block1: number * 16 + 8 + 6 });
      expect((await world.ask(abandoned)).code).toBe("2.31");
    }
    const shorter = JSON.stringify({ text: "y".repeat(1_200) });
    const first = telemetry(shorter.slice(0, 1024), { block1: 8 + 6 });
    expect((await world.ask(first)).code).toBe("2.31");
    const last = telemetry(shorter.slice(1024), { block1: 16 + 6 });
    expect((await world.ask(last)).code).toBe("2.01");
    const { keys } = world.sandbox.state().devices["board"]?.telemetry ?? expect.unreachable();
    expect(keys["text"]?.latest.value).toBe("y".repeat(1_200));
  });

  test("of 16 bytes, whose first one is an option of no bytes, work both ways", async () => {
    await using world = await openSandboxWorld();
    const stored = await world.ask(telemetry('{"a":1}', { block1: 0 }));
    expect([stored.code, optionUint(stored, 27)]).toEqual(["2.01", 0]);
    world.sandbox.setSharedAttributes("board", { text: "0123456789" });
    const path = "/api/v1/boardToken/attributes";
    const first = await world.ask({ method: "GET", path, block2: 0 });
    expect([first.payload.toString(), optionUint(first, 23)]).toEqual(['{"shared":{"text', 8]);
  });

  test("with a gap, or another Content-Format in between, are 4.08", async () => {
    await using world = await openSandboxWorld();
    await world.ask(block(0, true));
    expect((await world.ask(block(2, false))).code).toBe("4.08");
    await world.ask(block(0, true, { contentFormat: 50 }));
    expect((await world.ask(block(1, true, { contentFormat: 0 }))).code).toBe("4.08");
    expect(points(world)).toBe(0);
  });

  test("of an upload beyond the sandbox's bound are 4.13", async () => {
    await using world = await openSandboxWorld();
    const piece = "x".repeat(1024);
    const codes = new Set<string>();
    for (let number = 0; number <= 1024; number++) {
      const answer = await world.ask(telemetry(piece, { block1: number * 16 + 8 + 6 }));
      codes.add(answer.code);
    }
    expect([...codes]).toEqual(["2.31", "4.13"]);
  });
});

describe("an option", () => {
  test("that is critical and unknown is 4.02, an elective one is ignored", async () => {
    await using world = await openSandboxWorld();
    const { client } = world;
    for (const [number, code] of [
      [9, "4.02"],
      [2048, "4.04"],
    ] as const) {
      client.sendBytes(rawBytes("CON", 1, number, "", [[number, Buffer.from("x")]]));
      expect((await client.next()).code).toBe(code);
    }
  });

  test("No-Response keeps a success to itself", async () => {
    await using world = await openSandboxWorld();
    const { client } = world;
    const path = ["api", "v1", "boardToken", "telemetry"].map(
      (segment) => [11, Buffer.from(segment)] as [number, Buffer],
    );
    const noResponse: [number, Buffer] = [258, Buffer.from([2])];
    client.sendBytes(rawBytes("NON", 2, 77, "aa", [...path, noResponse], '{"a":1}'));
    expect(await client.settled()).toEqual([]);
    expect(points(world)).toBe(1);
  });
});

test("an empty token segment is answered 5.00 by the transport after 10 s", async () => {
  await using world = await openSandboxWorld();
  const { client, clock } = world;
  client.send({ method: "POST", path: "/api/v1//telemetry", body: "{}" });
  expect(await client.settled()).toEqual([]);
  await clock.advance(500);
  expect(await client.next()).toMatchObject({ type: "ACK", code: "0.00" });
  await clock.advance(9_500);
  expect(await client.next()).toMatchObject({ type: "CON", code: "5.00" });
});

test("a malformed confirmable message is rejected with RST, other noise is ignored", async () => {
  await using world = await openSandboxWorld();
  const { client } = world;
  client.sendBytes(Buffer.from([0x49, 1, 0, 9]));
  expect(await client.next()).toMatchObject({ type: "RST", messageId: 9 });
  client.sendBytes(Buffer.from([0x59, 1, 0, 9]));
  client.sendBytes(Buffer.from([0x16, 0xfe, 0xfd, 0, 0]));
  expect(await client.settled()).toEqual([]);
  expect(world.sandbox.state().counters.malformed).toBe(3);
});
