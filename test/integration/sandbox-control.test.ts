import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { openSandboxWorld } from "../support/sandbox-world.ts";

/** The sandbox's control over HTTP. */

interface Answer {
  readonly status: number;
  readonly body: Record<string, never>;
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

function ask(port: number | null, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = asked.body === undefined ? "GET" : "POST", body = "", headers = {} } = asked;
  const json = method === "POST" ? { "content-type": "application/json" } : {};
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers: { ...json, ...headers } },
      async (response) => {
        const text = (await response.toArray()).join("");
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const openWorld = async () => await openSandboxWorld({ httpPort: 0 });

describe("the sandbox's control over HTTP", () => {
  test("shows the state as JSON, without any token", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/telemetry";
    await world.ask({ method: "POST", path, body: '{"ts":5,"values":{"a":1.5}}' });
    const { status, body } = await ask(world.sandbox.httpPort, "/state");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      seed: 1,
      counters: { requests: 1, answers: { "2.01": 1 } },
      devices: {
        board: { telemetry: { keys: { a: { latest: { ts: 5, type: "DOUBLE", value: 1.5 } } } } },
      },
    });
    expect(JSON.stringify(body)).not.toContain("boardToken");
  });

  test("shows 1000 keys of a device at most, and counts the messages that had more", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/telemetry";
    const keys = (from: number, to: number) =>
      JSON.stringify(
        Object.fromEntries(Array.from({ length: to - from }, (_, at) => [`k${from + at}`, 1])),
      );
    const codes = [];
    for (const [from, to] of [
      [0, 2_000],
      [0, 999],
      [998, 1_001],
      [998, 1_000],
      [1_000, 1_001],
      [0, 1],
    ] as const) {
      codes.push((await world.upload(path, keys(from, to))).code);
      await world.clock.advance(1);
    }
    expect(codes).toEqual(Array(6).fill("2.01"));
    const { body } = await ask(world.sandbox.httpPort, "/state");
    const { counters, devices } = JSON.parse(JSON.stringify(body));
    expect(Object.keys(devices.board.telemetry.keys)).toHaveLength(1_000);
    expect([counters.dropped, devices.board.telemetry.samples]).toEqual([3, 3]);
  });

  test("keeps 1000 client attributes of a device at most", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/attributes";
    const keys = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1])));
    for (const body of [keys(1_001), keys(1_000), '{"one":1}', '{"k0":2}']) {
      expect((await world.upload(path, body)).code).toBe("2.01");
    }
    const { counters, devices } = world.sandbox.state();
    const client = devices["board"]?.attributes.client ?? {};
    expect([Object.keys(client).length, client["k0"], counters.dropped]).toEqual([1_000, 2, 2]);
  });

  test("a message with a key that storage does not take is counted as dropped", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/telemetry";
    expect((await world.ask({ method: "POST", path, body: '{" ":1,"a":1}' })).code).toBe("2.01");
    const { counters, devices } = world.sandbox.state();
    expect([counters.dropped, devices["board"]?.telemetry.points]).toEqual([1, 0]);
  });

  test("shows a deep value without indentation", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/telemetry";
    const deep = `${"[".repeat(190)}${"]".repeat(190)}`;
    await world.ask({ method: "POST", path, body: `{"a":${deep}}` });
    const response = await fetch(`http://127.0.0.1:${world.sandbox.httpPort}/state`);
    const text = await response.text();
    expect(text).toContain(`"latest":{"ts":${world.clock.now()},"type":"JSON","value":${deep}}`);
    expect(text.split("\n")).toHaveLength(2);
  });

  test.each([100, 150, 300, 1_000, 2_020, 3_000, 9_000])(
    "takes a body of %i levels, or says that it is too deep",
    async (levels) => {
      await using world = await openWorld();
      const { httpPort } = world.sandbox;
      const nested = `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
      const set = `{"device":"board","set":{"x":${nested}}}`;
      const { status, body } = await ask(httpPort, "/attributes", { body: set });
      if (levels < 200) expect(status).toBe(200);
      else expect([status, body["error"]]).toEqual([400, expect.stringContaining("200 levels")]);
      const call = `{"device":"board","method":"m","oneway":true,"params":[${nested}]}`;
      await world.ask({ method: "GET", path: "/api/v1/boardToken/rpc", observe: 0 });
      const rpc = await ask(httpPort, "/rpc", { body: call });
      expect(rpc.status).toBe(levels < 200 ? 200 : 400);
      expect((await ask(httpPort, "/state")).status).toBe(200);
    },
  );

  test("shows the newest values only, and counts them all", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/telemetry";
    const body = JSON.stringify(Array.from({ length: 9 }, (_, ts) => ({ ts, values: { a: ts } })));
    await world.ask({ method: "POST", path, body });
    const { body: state } = await ask(world.sandbox.httpPort, "/state");
    const { points, recent } = JSON.parse(JSON.stringify(state)).devices.board.telemetry.keys.a;
    expect([points, recent.map(({ ts }: { ts: number }) => ts)]).toEqual([9, [4, 5, 6, 7, 8]]);
  });

  test("serves a page that may not load anything from elsewhere", async () => {
    await using world = await openWorld();
    const response = await fetch(`http://127.0.0.1:${world.sandbox.httpPort}/`);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await response.text()).toContain("<title>Pipit sandbox</title>");
  });

  test("sets faults and says which are in force", async () => {
    await using world = await openWorld();
    const { status, body } = await ask(world.sandbox.httpPort, "/faults", {
      body: '{"lossUp":30,"answerStyle":"slow"}',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ lossUp: 30, lossDown: 0, answerStyle: "slow" });
    expect(world.sandbox.state().faults.lossUp).toBe(30);
  });

  test("begins and ends an outage, by time or by hand", async () => {
    await using world = await openWorld();
    const outage = (body: string) => ask(world.sandbox.httpPort, "/outage", { body });
    const silent = () => world.sandbox.state().faults.outage;
    await outage('{"ms":5000}');
    expect(silent()).toBe(true);
    await world.clock.advance(5_000);
    expect(silent()).toBe(false);
    await outage('{"on":true}');
    await world.clock.advance(100_000);
    expect(silent()).toBe(true);
  });

  test("writes and deletes shared attributes", async () => {
    await using world = await openWorld();
    const { httpPort } = world.sandbox;
    await ask(httpPort, "/attributes", { body: '{"device":"board","set":{"a":1,"b":"x"}}' });
    const { body } = await ask(httpPort, "/attributes", {
      body: '{"device":"board","delete":["a"]}',
    });
    expect(body).toEqual({ client: {}, shared: { b: "x" } });
  });

  test("sends an RPC and gives back the device's reply", async () => {
    await using world = await openWorld();
    const path = "/api/v1/boardToken/rpc";
    await world.ask({ method: "GET", path, observe: 0 });
    const body = '{"device":"board","method":"ping","params":[1]}';
    const reply = ask(world.sandbox.httpPort, "/rpc", { body });
    const call = await world.client.next();
    world.client.acknowledge(call);
    expect(JSON.parse(call.payload.toString())).toEqual({ id: 0, method: "ping", params: [1] });
    await world.ask({ method: "POST", path: `${path}/0`, body: '{"pong":1}' });
    expect(await reply).toEqual({ status: 200, body: { reply: { pong: 1 } } });
  });

  test("answers 504 for an RPC without a reply", async () => {
    await using world = await openWorld();
    await world.ask({ method: "GET", path: "/api/v1/boardToken/rpc", observe: 0 });
    const body = '{"device":"board","method":"ping"}';
    const reply = ask(world.sandbox.httpPort, "/rpc", { body });
    await world.client.next();
    await world.clock.advance(10_000);
    const { status, body: problem } = await reply;
    expect([status, problem["error"]]).toEqual([504, expect.stringContaining("no reply")]);
  });

  test("creates, revokes and deletes a device, and restarts the server", async () => {
    await using world = await openWorld();
    const { httpPort } = world.sandbox;
    const created = await ask(httpPort, "/devices", {
      body: '{"device":"pre1","token":"itsToken"}',
    });
    expect(created.body).toEqual({ token: "itsToken" });
    await ask(httpPort, "/revoke", { body: '{"device":"pre1"}' });
    expect(world.sandbox.accessTokenOf("pre1")).toBeNull();
    await ask(httpPort, "/delete", { body: '{"device":"pre1"}' });
    expect(Object.keys(world.sandbox.state().devices)).toEqual(["board"]);
    expect((await ask(httpPort, "/restart", { body: "" })).body).toEqual({ ok: true });
  });

  test.each<[string, string, Asked, number, RegExp]>([
    ["an unknown path", "/nothing", {}, 404, /nothing at \/nothing/],
    ["a GET that should be a POST", "/faults", {}, 405, /takes POST/],
    ["a body that is not JSON", "/faults", { body: "{" }, 400, /not JSON/],
    ["a body that is no object", "/faults", { body: "[]" }, 400, /JSON object/],
    ["an unknown fault", "/faults", { body: '{"los":1}' }, 400, /no fault "los"/],
    ["a fault beyond its range", "/faults", { body: '{"delayMs":1e300}' }, 400, /to 86400000/],
    ["an outage beyond a day", "/outage", { body: '{"ms":86400001}' }, 400, /up to 86400000/],
    ["an unknown device", "/revoke", { body: '{"device":"x"}' }, 400, /no device "x"/],
    ["a missing field", "/revoke", { body: "{}" }, 400, /"device" is missing/],
    ["a body beyond 64 KiB", "/faults", { body: "x".repeat(70_000) }, 413, /at most/],
    [
      "a form of a foreign page",
      "/restart",
      { body: "{}", headers: { "content-type": "text/plain" } },
      415,
      /send JSON/,
    ],
    ["another host name", "/state", { headers: { host: "evil.example" } }, 403, /Host header/],
  ])("refuses %s with a status and a sentence", async (_name, path, asked, status, error) => {
    await using world = await openWorld();
    const answer = await ask(world.sandbox.httpPort, path, asked);
    expect(answer.status).toBe(status);
    expect(String(answer.body["error"])).toMatch(error);
  });
});
