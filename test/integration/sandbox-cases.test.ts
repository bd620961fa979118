import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Json } from "../../agent/ports.ts";
import type { SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import {
  openRawClient,
  optionUint,
  type RawClient,
  type RawMessage,
  type RawRequest,
} from "../support/raw-coap.ts";
import { openSandboxWorld, type SandboxWorld as World } from "../support/sandbox-world.ts";

/** What ThingsBoard does, case by case, over real UDP; the sandbox's time is virtual. */

interface Case {
  readonly id: string;
  readonly scenario: string;
  readonly request?: Omit<RawRequest, "method"> & { readonly method: string };
  readonly expected?: {
    readonly code: string;
    readonly payload?: Json;
    readonly contentFormat?: number;
    readonly observe?: number;
    readonly message: string;
  };
}

const file = new URL("../fixtures/thingsboard-cases.json", import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(file, "utf8"));

const leftOut: Readonly<Record<string, string>> = {
  "tel-32": "over DTLS: sandbox-certificates.test.ts",
  "rpc-13": "over DTLS: sandbox-certificates.test.ts",
  "dtls-01": "over DTLS: coaps.test.ts",
  "dtls-02": "over DTLS: sandbox-certificates.test.ts",
  "dtls-04": "over DTLS: test/system/dtls.test.ts",
  "ota-01": "the sandbox has no OTA packages",
  "ota-03": "the sandbox has no OTA packages",
  "ota-04": "the sandbox has no OTA packages",
  "ota-06": "the sandbox has no OTA packages",
  "ota-07": "the sandbox has no OTA packages",
  "ota-08": "the sandbox has no OTA packages",
  "ota-11": "the sandbox has no OTA packages",
  "ota-12": "the sandbox has no OTA packages",
  "ota-13": "the sandbox has no OTA packages",
};

interface Scenario {
  readonly options?: SandboxOptions;
  /** Brings the precondition about. */
  before?(world: World): Promise<unknown> | unknown;
  /** Sends the request where that is not enough as the fixture says it. */
  send?(world: World): Promise<{ readonly token: string; readonly messageId: number }>;
  /** Checks the effect. */
  after?(world: World, answer: RawMessage): Promise<unknown> | unknown;
}

const profile = (strategy: NonNullable<SandboxOptions["profiles"]>[number]["strategy"]) => [
  { name: "boards", key: "k", secret: "s", strategy },
];

const provision = (fields: Record<string, Json>): RawRequest => ({
  method: "POST",
  path: "/api/v1/provision",
  body: JSON.stringify({ provisionDeviceKey: "k", provisionDeviceSecret: "s", ...fields }),
});

const latest = ({ sandbox }: World, device = "board") =>
  Object.fromEntries(
    Object.entries(sandbox.state().devices[device]?.telemetry.keys ?? {}).map(([key, series]) => [
      key,
      [series.latest.type, series.latest.value, series.latest.ts],
    ]),
  );

const codesWithTokens = async ({ ask }: World, tokens: readonly string[]) => {
  const codes: string[] = [];
  for (const token of tokens) {
    const path = `/api/v1/${token}/telemetry`;
    codes.push((await ask({ method: "POST", path, body: "{}" })).code);
  }
  return codes;
};

const announce = async ({ ask }: World, token: string, claim: Json) =>
  (await ask({ method: "POST", path: `/api/v1/${token}/claim`, body: JSON.stringify(claim) })).code;

const jsonOf = (message: RawMessage): Json => JSON.parse(message.payload.toString());
const deviceOf = ({ sandbox }: World, name: string) => sandbox.state().devices[name];

const withAttributes = async ({ ask, sandbox, token }: World) => {
  await ask({ method: "POST", path: `/api/v1/${token}/attributes`, body: '{"a":1,"b":2}' });
  sandbox.setSharedAttributes("board", { c: 3 });
};

const observeRpc = async ({ client, token }: World, coapToken = "0a") => {
  client.send({ method: "GET", path: `/api/v1/${token}/rpc`, observe: 0, token: coapToken });
  const first = await client.next();
  client.acknowledge(first);
  return first;
};

const fiveKeys = (ts: number) => ({
  key1: ["STRING", "value1", ts],
  key2: ["BOOLEAN", true, ts],
  key3: ["DOUBLE", 3, ts],
  key4: ["LONG", 4, ts],
  key5: ["JSON", { someNumber: 42, someArray: [1, 2, 3], someNestedObject: { key: "value" } }, ts],
});

const scenarios: Readonly<Record<string, Scenario>> = {
  "prov-01": {
    after: (world) => {
      expect(deviceOf(world, "dev1")?.provisioned).toBe(true);
      expect(world.sandbox.accessTokenOf("dev1")).toMatch(/^[A-Za-z0-9]{20}$/);
    },
  },
  "prov-02": { after: ({ sandbox }) => expect(sandbox.accessTokenOf("dev1")).toBe("test_token") },
  "prov-04": { before: ({ sandbox }) => sandbox.preprovision("dev1") },
  "prov-06": {
    after: async (world) => {
      await world.ask(provision({}));
      const names = Object.keys(world.sandbox.state().devices).filter((name) => name !== "board");
      expect(names).toHaveLength(2);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9]{20}$/);
    },
  },
  "prov-08": { after: (world) => expect(deviceOf(world, "gw1")?.gateway).toBe(true) },
  "prov-09": {
    after: async (world) => {
      expect(deviceOf(world, "dx")?.credentialsType).toBe("X509_CERTIFICATE");
      const hash =
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\r\nAwIBAgI+/A==\n-----END CERTIFICATE-----\n";
      const request = { deviceName: "dx2", credentialsType: "X509_CERTIFICATE", hash };
      expect(jsonOf(await world.ask(provision(request)))).toEqual({
        credentialsValue: "MIIBszCCAVmgAwIBAgI+/A==",
        credentialsType: "X509_CERTIFICATE",
        status: "SUCCESS",
      });
      expect(await codesWithTokens(world, ["testHash"])).toEqual(["4.01"]);
    },
  },
  "prov-10": {
    after: async (world) => {
      expect(deviceOf(world, "dm")?.credentialsType).toBe("MQTT_BASIC");
      // "c|u" is what the sandbox and, hashed, ThingsBoard tell such a device by.
      const probes = ["c|u", "c", "u", "p", "dm"];
      expect(await codesWithTokens(world, probes)).toEqual(probes.map(() => "4.01"));
    },
  },
  "prov-12": {
    options: { profiles: profile("CHECK_PRE_PROVISIONED_DEVICES") },
    before: ({ sandbox }) => sandbox.preprovision("pre1", "itsOwnToken"),
    after: (world, answer) => {
      expect(jsonOf(answer)).toMatchObject({ credentialsValue: "itsOwnToken" });
      expect(deviceOf(world, "pre1")?.provisioned).toBe(true);
    },
  },
  "prov-13": {
    options: { profiles: profile("CHECK_PRE_PROVISIONED_DEVICES") },
    before: async ({ sandbox, ask }) => {
      sandbox.preprovision("pre1");
      await ask(provision({ deviceName: "pre1" }));
    },
  },
  "prov-15": { options: { profiles: profile("CHECK_PRE_PROVISIONED_DEVICES") } },
  "prov-18": { options: { profiles: profile("DISABLED") } },
  "prov-24": {
    async send({ client }) {
      const request = provision({ deviceName: "dev1" });
      const sent = client.send({ ...request, messageId: 7, token: "07" });
      const first = await client.next();
      client.send({ ...request, messageId: 7, token: "07" });
      const [second] = await client.settled();
      expect(second).toEqual(first);
      client.send({ ...request, messageId: 7, token: "07" });
      return sent;
    },
    after: ({ sandbox }) => expect(Object.keys(sandbox.state().devices)).toEqual(["board", "dev1"]),
  },
  "prov-25": {
    before: async (world) => {
      world.sandbox.setFaults({ dropProvisionAnswers: 1 });
      world.client.send(provision({ deviceName: "dev1", token: "mytok" }));
      expect(await world.client.settled()).toEqual([]);
    },
    after: async ({ ask }) => {
      const query = ["sharedKeys=x"];
      const probe = await ask({ method: "GET", path: "/api/v1/mytok/attributes", query });
      expect(probe.code).toBe("4.04");
      expect((await ask({ method: "GET", path: "/api/v1/no/attributes", query })).code).toBe(
        "4.01",
      );
    },
  },
  "prov-27": { options: { profiles: profile("X509_CERTIFICATE_CHAIN") } },
  "tel-01": { after: (world) => expect(latest(world)).toEqual(fiveKeys(world.clock.now())) },
  "tel-02": { after: (world) => expect(latest(world)).toEqual(fiveKeys(10_000)) },
  "tel-03": {
    after: (world) => {
      const now = world.clock.now();
      expect(latest(world)).toEqual({ key1: ["STRING", "v", now], key2: ["BOOLEAN", true, now] });
    },
  },
  "tel-05": { after: (world) => expect(latest(world)).toEqual({}) },
  "tel-15": { after: (world) => expect(Object.keys(latest(world))).toEqual(["b"]) },
  "tel-16": {
    after: (world) => {
      const now = world.clock.now();
      expect(latest(world)).toEqual({
        v: ["DOUBLE", 1.1, now],
        s: ["LONG", 12, now],
        f: ["STRING", "1.0.0", now],
      });
    },
  },
  "tel-17": {
    after: (world) =>
      expect(latest(world)["v"]?.slice(0, 2)).toEqual(["STRING", "0.30000000000000004"]),
  },
  "tel-22": {
    options: { faults: { rate: 1 } },
    before: ({ ask, token }) =>
      ask({ method: "POST", path: `/api/v1/${token}/telemetry`, body: '{"a":0}' }),
    after: (world) => expect(latest(world)["a"]?.[1]).toBe(0),
  },
  "tel-24": { after: (world) => expect(latest(world)["a"]?.[1]).toBe(1) },
  "tel-25": {
    async after({ client, clock }) {
      // Acknowledged, so nothing is sent again.
      await client.settled();
      await clock.advance(100_000);
      expect(await client.settled()).toEqual([]);
    },
  },
  "tel-27": {
    async send({ client, token }) {
      const body = Buffer.from(JSON.stringify({ long: "x".repeat(3_000 - 11) }));
      expect(body).toHaveLength(3_000);
      const path = `/api/v1/${token}/telemetry`;
      for (const number of [0, 1]) {
        const block = body.subarray(number * 1024, (number + 1) * 1024);
        client.send({ method: "POST", path, body: block, block1: number * 16 + 8 + 6 });
        const answer = await client.next();
        expect([answer.type, answer.code]).toEqual(["ACK", "2.31"]);
        expect(optionUint(answer, 27)).toBe(number * 16 + 8 + 6);
      }
      return client.send({ method: "POST", path, body: body.subarray(2048), block1: 2 * 16 + 6 });
    },
    after: (world, answer) => {
      expect(optionUint(answer, 27)).toBe(2 * 16 + 6);
      expect(latest(world)["long"]?.[1]).toBe("x".repeat(2_989));
    },
  },
  "att-01": {
    after: (world) =>
      expect(deviceOf(world, "board")?.attributes.client).toMatchObject({
        key1: "value1",
        key2: true,
        key3: 3,
        key4: 4,
      }),
  },
  "att-04": { before: withAttributes },
  "att-06": { before: withAttributes },
  "att-07": { before: withAttributes },
  "obs-01": {
    before: ({ sandbox }) => sandbox.setSharedAttributes("board", { c: 3 }),
    async after({ sandbox, client }) {
      sandbox.setSharedAttributes("board", { c: 4 });
      const written = await client.next();
      client.acknowledge(written);
      expect([written.type, written.code, optionUint(written, 6)]).toEqual(["CON", "2.05", 1]);
      expect(jsonOf(written)).toEqual({ c: 4 });
      expect(await client.settled()).toEqual([]);
      sandbox.deleteSharedAttributes("board", ["c"]);
      const deleted = await client.next();
      expect(optionUint(deleted, 6)).toBe(2);
      expect(jsonOf(deleted)).toEqual({ deleted: ["c"] });
    },
  },
  "obs-03": {
    async send({ client, token }) {
      const path = `/api/v1/${token}/attributes`;
      client.send({ method: "GET", path, observe: 0, token: "0b" });
      expect((await client.next()).code).toBe("2.05");
      return client.send({ method: "GET", path, observe: 1, token: "0b" });
    },
    async after(world) {
      expect(deviceOf(world, "board")?.observes).toEqual([]);
      world.sandbox.setSharedAttributes("board", { c: 9 });
      expect(await world.client.settled()).toEqual([]);
    },
  },
  "obs-04": {
    async before({ sandbox, token }) {
      sandbox.setSharedAttributes("board", { c: 3 });
      others.first = await openRawClient(sandbox.port);
      const path = `/api/v1/${token}/attributes`;
      others.first.send({ method: "GET", path, observe: 0, token: "0c" });
      expect((await others.first.next()).code).toBe("2.05");
    },
    async after() {
      const displaced = await others.first?.next();
      expect([displaced?.type, displaced?.code, displaced?.token]).toEqual(["CON", "2.02", "0c"]);
      await others.first?.[Symbol.asyncDispose]();
    },
  },
  "obs-06": {
    before: ({ sandbox }) => sandbox.setSharedAttributes("board", { c: 3 }),
    async after({ sandbox, client }) {
      sandbox.setSharedAttributes("board", { c: 4 });
      client.reset(await client.next());
      expect(await client.settled()).toEqual([]);
      sandbox.setSharedAttributes("board", { c: 5 });
      expect(await client.settled()).toEqual([]);
    },
  },
  "obs-08": {
    before: ({ sandbox }) => sandbox.setSharedAttributes("board", { c: 3 }),
    async after({ sandbox, client, token }) {
      sandbox.restart();
      sandbox.setSharedAttributes("board", { c: 4 });
      expect(await client.settled()).toEqual([]);
      client.send({ method: "GET", path: `/api/v1/${token}/attributes`, observe: 0 });
      expect(jsonOf(await client.next())).toEqual({ c: 4 });
    },
  },
  "rpc-02": {
    async send(world) {
      const first = await observeRpc(world);
      const params = { pin: "21", value: 1 };
      const call = world.sandbox.sendRpc("board", { method: "setGpio1", params, oneway: true });
      expect(await call).toBeNull();
      return { token: first.token, messageId: first.messageId };
    },
  },
  "rpc-03": {
    async send(world) {
      await observeRpc(world);
      others.reply = world.sandbox.sendRpc("board", { method: "ask" });
      const call = await world.client.next();
      world.client.acknowledge(call);
      const { id } = jsonOf(call) as { id: number };
      const path = `/api/v1/${world.token}/rpc/${id}`;
      return world.client.send({ method: "POST", path, body: '{"value1":"A","value2":"B"}' });
    },
    after: async () => expect(await others.reply).toEqual({ value1: "A", value2: "B" }),
  },
  "rpc-08": { options: { clientRpcReplies: { getTime: { time: 1_700_000_000 } } } },
  "clm-01": {
    async after(world) {
      const { sandbox, clock, token } = world;
      sandbox.preprovision("second", "secondToken");
      await announce(world, "secondToken", { secretKey: "first", durationMs: 60_000 });
      for (const owner of [token, "secondToken"]) {
        expect(await announce(world, owner, { secretKey: "later" })).toBe("2.01");
      }
      expect(sandbox.customerClaim("board", "later")).toBe("FAILURE");
      expect(sandbox.customerClaim("board", "wrong")).toBe("FAILURE");
      expect(sandbox.customerClaim("board", "value")).toBe("SUCCESS");
      expect(sandbox.customerClaim("board", "value")).toBe("CLAIMED");
      // Once the first secret has expired, another one may take its place.
      await clock.advance(60_000);
      expect(sandbox.customerClaim("second", "first")).toBe("FAILURE");
      await announce(world, "secondToken", { secretKey: "later" });
      expect(sandbox.customerClaim("second", "later")).toBe("SUCCESS");
    },
  },
  "clm-02": {
    async after(world) {
      const { sandbox, clock } = world;
      sandbox.preprovision("second", "secondToken");
      expect(await announce(world, "secondToken", {})).toBe("2.01");
      await clock.advance(86_399_999);
      expect(sandbox.customerClaim("board", "")).toBe("SUCCESS");
      await clock.advance(1);
      expect(sandbox.customerClaim("second", "")).toBe("FAILURE");
    },
  },
  "msg-03": {
    async send({ client, token }) {
      const body = JSON.stringify({ long: "x".repeat(2_989) });
      return client.send({ method: "POST", path: `/api/v1/${token}/telemetry`, body });
    },
    after: (world) => {
      expect(latest(world)).toEqual({});
      expect(world.sandbox.state().counters.oversized).toBe(1);
    },
  },
};

/** What one scenario hands from its precondition to its check. */
const others: { first?: RawClient; reply?: Promise<Json | null> } = {};

function expectPayload(answer: RawMessage, expected: Json | undefined): void {
  if (expected === undefined) return void expect(answer.payload.toString()).toBe("");
  const given = jsonOf(answer) as Record<string, Json>;
  const made = /^<(20 alnum|existing token)>$/;
  const pattern = Object.fromEntries(
    Object.entries(expected as Record<string, Json>).map(([key, value]) => [
      key,
      typeof value === "string" && made.test(value) ? expect.stringMatching(/^\w+$/) : value,
    ]),
  );
  expect(given).toEqual(pattern);
}

/** Takes the answer off the wire and checks the message types on the way. */
async function answerIn(
  shape: string,
  { client, clock }: World,
  sent: { readonly token: string; readonly messageId: number },
): Promise<RawMessage | null> {
  const emptyAck = { type: "ACK", code: "0.00", messageId: sent.messageId, token: "" };
  const separate = async () => {
    const answer = await client.next();
    expect(answer).toMatchObject({ type: "CON", token: sent.token });
    client.acknowledge(answer);
    return answer;
  };
  switch (shape) {
    case "separate CON":
      return await separate();
    case "piggybacked": {
      const answer = await client.next();
      expect(answer).toMatchObject({ type: "ACK", ...sent });
      return answer;
    }
    case "NON": {
      const answer = await client.next();
      expect(answer).toMatchObject({ type: "NON", token: sent.token });
      return answer;
    }
    case "reset": {
      const answer = await client.next();
      expect(answer).toMatchObject({ type: "RST", code: "0.00", messageId: sent.messageId });
      return answer;
    }
    case "empty ACK only":
      expect(await client.settled()).toEqual([]);
      await clock.advance(500);
      expect(await client.next()).toMatchObject(emptyAck);
      await clock.advance(300_000);
      expect(await client.settled()).toEqual([]);
      return null;
    case "empty ACK, then CON":
      expect(await client.settled()).toEqual([]);
      await clock.advance(500);
      expect(await client.next()).toMatchObject(emptyAck);
      await clock.advance(9_000);
      expect(await client.settled()).toEqual([]);
      await clock.advance(500);
      return await separate();
    case "dropped":
      expect(await client.settled()).toEqual([]);
      await clock.advance(300_000);
      expect(await client.settled()).toEqual([]);
      return null;
    default:
      throw new Error(`no such shape: ${shape}`);
  }
}

async function send(world: World, { request }: Case) {
  if (!request) throw new Error("no request");
  const { client, token } = world;
  if (request.method === "EMPTY CON") {
    client.sendBytes(Buffer.from([0x40, 0, 0x12, 0x34]));
    return { token: "", messageId: 0x1234 };
  }
  const { method } = request;
  if (method !== "GET" && method !== "POST") throw new Error(`no such method: ${method}`);
  const path = request.path.replace("{token}", token).replace("{id}", "0");
  return client.send({ ...request, method, path });
}

describe("the sandbox answers as ThingsBoard does", () => {
  for (const one of cases.filter(({ id }) => !(id in leftOut))) {
    test(`${one.id}: ${one.scenario}`, async () => {
      const scenario = scenarios[one.id] ?? {};
      await using world = await openSandboxWorld({
        profiles: profile("ALLOW_CREATE_NEW_DEVICES"),
        ...scenario.options,
      });
      const { client } = world;
      await scenario.before?.(world);
      const sent = await (scenario.send?.(world) ?? send(world, one));
      const expected = one.expected ?? expect.unreachable("a case says what is expected");
      const answer = await answerIn(expected.message, world, sent);
      if (answer && expected.message !== "reset") {
        expect(answer.code).toBe(expected.code);
        expectPayload(answer, expected.payload);
        expect(optionUint(answer, 6)).toBe(expected.observe);
        const format = expected.contentFormat ?? (one.id === "att-06" ? 50 : undefined);
        expect(optionUint(answer, 12)).toBe(format);
        // Nothing but the answer: no empty ACK before a separate CON, and none after.
        expect(await client.settled()).toEqual([]);
      }
      if (answer) await scenario.after?.(world, answer);
      else await scenario.after?.(world, nothing);
    });
  }

  test("every case of the reference is run, or left out with a reason", () => {
    const ids = cases.map(({ id }) => id);
    expect(new Set(ids).size).toBe(80);
    expect(ids.filter((id) => id in leftOut).sort()).toEqual(Object.keys(leftOut).sort());
    expect(Object.keys(scenarios).filter((id) => !ids.includes(id))).toEqual([]);
    for (const one of cases) expect("expected" in one, one.id).toBe(!(one.id in leftOut));
  });
});

const nothing: RawMessage = {
  type: "RST",
  code: "0.00",
  messageId: 0,
  token: "",
  options: [],
  payload: Buffer.alloc(0),
};
