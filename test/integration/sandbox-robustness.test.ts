import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { Agent, request } from "coap";
import { expect, test } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { rawBytes, rawRequest } from "../support/raw-coap.ts";
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
