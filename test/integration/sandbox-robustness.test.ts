import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { Agent, request } from "coap";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Json } from "../../agent/ports.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { openRawClient, rawBytes, rawRequest } from "../support/raw-coap.ts";
import { openSandboxWorld } from "../support/sandbox-world.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";

const DATAGRAMS = 20_000;
/** Few enough for the receive buffer of a socket. */
const AT_ONCE = 50;

/** Sound requests of every kind, to be damaged. */
const requests = [
  { method: "POST", path: "/api/v1/boardToken/telemetry", body: '{"ts":1,"values":{"a":1.5}}' },
  { method: "POST", path: "/api/v1/boardToken/telemetry", body: '[{"a":"1.10"}]', block1: 14 },
  { method: "POST", path: "/api/v1/boardToken/attributes", body: '{"a":{"b":[1,2]}}' },
  { method: "GET", path: "/api/v1/boardToken/attributes", query: ["sharedKeys=a,b"], block2: 6 },
  { method: "GET", path: "/api/v1/boardToken/attributes", observe: 0 },
  { method: "GET", path: "/api/v1/boardToken/rpc", observe: 0 },
  { method: "GET", path: "/api/v1/boardToken/rpc", observe: 1 },
  { method: "POST", path: "/api/v1/boardToken/rpc/1", body: '{"ok":true}' },
  { method: "POST", path: "/api/v1/boardToken/claim", body: '{"durationMs":5}' },
  { method: "POST", path: "/api/v1/provision", body: '{"provisionDeviceKey":"k","token":"t"}' },
  { method: "PUT", path: "/nowhere/1", contentFormat: 11_542 },
] as const;

test(`${DATAGRAMS} damaged datagrams leave the sandbox working`, async () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random.fraction() * limit);
  const damaged = () => {
    const chosen = requests[below(requests.length)] ?? requests[0];
    const messageId = below(65_536);
    const type = below(2) === 0 ? "CON" : "NON";
    const token = Buffer.from(random.bytes(below(9))).toString("hex");
    const sound = rawRequest({ ...chosen, type }, token, messageId);
    const bytes = Buffer.concat([sound, Buffer.from(random.bytes(below(5) === 0 ? 6 : 0))]);
    for (let change = below(6); change > 0; change--) bytes[below(bytes.length)] = below(256);
    return bytes.subarray(0, below(4) === 0 ? below(bytes.length) + 1 : bytes.length);
  };

  await using world = await openSandboxWorld({ seed });
  const { client, clock, sandbox } = world;
  for (let sent = 0; sent < DATAGRAMS; sent += AT_ONCE) {
    for (let one = 0; one < AT_ONCE; one++) client.sendBytes(damaged());
    await client.settled();
    await clock.advance(100);
  }
  await clock.advance(300_000);
  await client.settled();

  const { counters } = sandbox.state();
  expect(counters.datagramsIn, `seed ${seed}`).toBeGreaterThanOrEqual(DATAGRAMS);
  expect(counters.requests, `seed ${seed}`).toBeGreaterThan(DATAGRAMS / 10);
  expect(counters.malformed, `seed ${seed}`).toBeGreaterThan(DATAGRAMS / 100);
  const path = "/api/v1/boardToken/telemetry";
  client.sendBytes(rawBytes("ACK", 0, 1));
  const answer = await world.ask({ method: "POST", path, body: '{"still":"alive"}' });
  expect(answer.code, `seed ${seed}`).toBe("2.01");
}, 60_000);

describe("a body nested up to 3000 levels deep", () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

  test.each([
    ["telemetry", "2.01", "4.00"],
    ["attributes", "2.01", "4.00"],
    ["claim", "2.01", "4.00"],
    ["rpc/1", "2.01", "5.00"],
    ["rpc", "5.00", "5.00"],
  ])(
    "is taken up to 200 levels, refused beyond, and ends nothing: POST %s",
    async (feature, taken, refused) => {
      await using world = await openSandboxWorld();
      const path = `/api/v1/boardToken/${feature}`;
      for (const levels of [100, 199, 200, 500, 1_000, 1_500, 2_020, 2_500, 3_000]) {
        const { code } = await world.upload(path, `{"x":${nested(levels)}}`);
        expect([levels, code]).toEqual([levels, levels < 200 ? taken : refused]);
      }
      expect((await world.ask({ method: "POST", path, body: '{"y":1}' })).code).toBe(taken);
    },
  );

  test("provisions nothing beyond 200 levels", async () => {
    await using world = await openSandboxWorld();
    const keys = '"provisionDeviceKey":"sandbox-key","provisionDeviceSecret":"sandbox-secret"';
    const body = (levels: number) => `{${keys},"ignored":${nested(levels)}}`;
    expect((await world.upload("/api/v1/provision", body(2_020))).code).toBe("4.00");
    expect(Object.keys(world.sandbox.state().devices)).toEqual(["board"]);
    expect((await world.upload("/api/v1/provision", body(100))).code).toBe("2.01");
  });
});

describe("a bug of the sandbox's own", () => {
  const replies = {
    get broken(): Json {
      throw new Error("the bug");
    },
  };
  const ask = (method: string) =>
    ({
      method: "POST",
      path: "/api/v1/boardToken/rpc",
      body: JSON.stringify({ method }),
    }) as const;

  test("is answered 5.00, reported, and over with its request", async () => {
    const bugs: unknown[] = [];
    await using world = await openSandboxWorld({
      clientRpcReplies: Object.assign(replies, { sound: 1 }),
      onBug: (error) => bugs.push(error),
    });
    const answer = await world.ask(ask("broken"));
    expect([answer.type, answer.code]).toEqual(["ACK", "5.00"]);
    expect(bugs).toEqual([new Error("the bug")]);
    expect((await world.ask(ask("sound"))).code).toBe("2.05");
    expect(bugs).toHaveLength(1);
    expect(world.sandbox.state().counters.answers).toEqual({ "5.00": 1, "2.05": 1 });
  });

  test("ends the process after its 5.00 where nobody takes the report", async () => {
    const entry = join(import.meta.dirname, "../../agent/sandbox/sandbox.ts");
    const script = `
      import { startSandbox } from ${JSON.stringify(entry)};
      const clientRpcReplies = { get broken() { throw new Error("the bug") } };
      const sandbox = await startSandbox({ httpPort: null, clientRpcReplies });
      sandbox.preprovision("board", "boardToken");
      console.log(sandbox.port);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    onTestFinished(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = once(child, "close");
    const [port] = await once(child.stdout.setEncoding("utf8"), "data");
    await using client = await openRawClient(Number(port));
    client.send(ask("broken"));
    expect((await client.next()).code).toBe("5.00");
    expect(await ended).toEqual([1, null]);
    expect(stderr).toContain("Error: the bug");
  });
});

test("an ordinary client gets its 2.01: npm coap's own", async () => {
  await using sandbox = await startSandbox({ httpPort: null });
  const agent = new Agent({ type: "udp4" });
  const post = (pathname: string, body: unknown) =>
    new Promise<{ code: string; payload: string }>((resolve, reject) => {
      const asked = request({
        ...{ hostname: "127.0.0.1", port: sandbox.port, pathname, method: "POST", agent },
      });
      asked.on("response", ({ code, payload }) => resolve({ code, payload: payload.toString() }));
      asked.on("error", reject);
      asked.end(JSON.stringify(body));
    });
  const provisioned = await post("/api/v1/provision", {
    provisionDeviceKey: "sandbox-key",
    provisionDeviceSecret: "sandbox-secret",
    deviceName: "npm",
  });
  expect(provisioned.code).toBe("2.01");
  const { credentialsValue } = JSON.parse(provisioned.payload);
  const stored = await post(`/api/v1/${credentialsValue}/telemetry`, { temperature: 21.5 });
  expect(stored).toEqual({ code: "2.01", payload: "" });
  const { keys } = sandbox.state().devices["npm"]?.telemetry ?? expect.unreachable();
  expect(keys["temperature"]?.latest).toMatchObject({ type: "DOUBLE", value: 21.5 });
  agent.close();
});

test("a port that is taken is the system's error, whichever of the two it is", async () => {
  await using first = await startSandbox({ httpPort: 0 });
  const { port, httpPort } = first;
  await expect(startSandbox({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await expect(startSandbox({ httpPort })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

const hasIpv6Loopback = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1");

test.skipIf(!hasIpv6Loopback)("it listens on IPv6 too", async () => {
  await using sandbox = await startSandbox({ host: "::1", httpPort: null });
  const socket = createSocket("udp6");
  const answered = once(socket, "message");
  socket.send(rawBytes("CON", 0, 7), sandbox.port, "::1");
  const [bytes] = await answered;
  expect(bytes).toEqual(rawBytes("RST", 0, 7));
  socket.close();
});
