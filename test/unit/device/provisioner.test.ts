import { describe, expect, it } from "vitest";
import type { Identity } from "../../../agent/credentials.ts";
import { createProvisioner, type ProvisionerDeps } from "../../../agent/device/provisioner.ts";
import { AgentError } from "../../../agent/errors.ts";
import { keptSecret } from "../../../agent/platform/erase-secret.ts";
import { noCertificates } from "../../../agent/platform/no-certificates.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { board } from "../../support/boards.ts";
import { answer, fakeServer, fakeThingsBoard, textOf } from "../../support/fake-server.ts";
import { tokenOf } from "../../support/identities.ts";
import { memoryIdentity } from "../../support/memory-identity.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const never = new AbortController().signal;
const elsewhere = { ...board, serial: "00000000ffffffff" };
const lost = new AgentError("transient", "no answer");

function setUp(transport: ProvisionerDeps["api"] | null, overrides: Partial<ProvisionerDeps> = {}) {
  const identity = memoryIdentity();
  const server = fakeThingsBoard();
  const deps: ProvisionerDeps = {
    api: transport ?? createDeviceApi(server),
    store: identity.store,
    certificates: noCertificates,
    credentialsType: "access_token",
    random: seededRandom(1),
    board,
    server: "tb.example.com",
    deviceName: "rpi-abcdef01",
    key: "k",
    secret: "s",
    provisionSecret: keptSecret,
    onHardwareChange: "reprovision",
    showsCertificates: true,
    log: recordingLog(),
    ...overrides,
  };
  return { identity, server, deps, provisioner: createProvisioner(deps) };
}

it("stores its claim before it asks, and the credentials after the answer", async () => {
  const { identity, server, provisioner } = setUp(null);
  const credentials = await provisioner.attempt(never);
  const { token } = JSON.parse(textOf(server.requests[0] ?? expect.fail("nothing was asked")));
  expect(identity.saved[0]).toMatchObject({ claim: { accessToken: token }, active: null });
  expect(identity.now()).toMatchObject({ claim: null, active: { accessToken: token } });
  expect(credentials).toEqual({
    server: "tb.example.com",
    fingerprint: { source: "serial", value: "00000000abcdef01" },
    deviceName: "rpi-abcdef01",
    accessToken: token,
  });
  expect(server.asked()).toEqual(["POST provision"]);
});

it("makes tokens of 32 letters and digits, never the same twice", async () => {
  const first = setUp(null);
  const second = setUp(null, { random: seededRandom(2) });
  const tokens = [await first.provisioner.attempt(never), await second.provisioner.attempt(never)];
  for (const credentials of tokens) expect(tokenOf(credentials)).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(tokenOf(tokens[0])).not.toBe(tokenOf(tokens[1]));
});

it("sends nothing once it is provisioned", async () => {
  const { server, provisioner } = setUp(null);
  await provisioner.attempt(never);
  const asked = server.requests.length;
  expect(provisioner.stored()?.deviceName).toBe("rpi-abcdef01");
  await provisioner.attempt(never);
  expect(server.requests).toHaveLength(asked);
});

it("a lost answer strands nobody: the claim is asked about, and found to be a device", async () => {
  const { server, provisioner, identity } = setUp(null);
  server.hooks.beforeAnswer = (asked) => {
    if (asked === "POST provision") throw lost;
  };
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  const claimed = tokenOf(identity.now().claim);
  expect(await provisioner.attempt(never)).toMatchObject({ accessToken: claimed });
  expect(server.asked()).toEqual(["POST provision", "GET attributes", "GET attributes"]);
  expect(server.devices).toEqual(new Map([["rpi-abcdef01", claimed]]));
});

it("a request that never arrived is sent again with the same token", async () => {
  let dropped = false;
  const { provisioner, server, identity } = setUp(null);
  const flaky = fakeServer((request) => {
    if (dropped) return server.transport.request(request, never);
    dropped = true;
    return lost;
  });
  const again = createProvisioner({ ...setUp(createDeviceApi(flaky)).deps, store: identity.store });
  await expect(again.attempt(never)).rejects.toThrow();
  const claimed = tokenOf(identity.now().claim);
  expect(await again.attempt(never)).toMatchObject({ accessToken: claimed });
  expect(flaky.asked()).toEqual(["POST provision", "GET attributes", "POST provision"]);
  expect(tokenOf(provisioner.stored())).toBe(claimed);
});

it("FAILURE to a request whose first copy had been granted ends provisioned", async () => {
  let first = true;
  const { server, deps } = setUp(null);
  const twice = fakeServer(async (request) => {
    const response = await server.transport.request(request, never);
    if (!first || request.path.at(-1) !== "provision") return response;
    first = false; // the network delivered the request twice, and only the second answer arrived
    return server.transport.request(request, never);
  });
  const provisioner = createProvisioner({ ...deps, api: createDeviceApi(twice) });
  expect(await provisioner.attempt(never)).toMatchObject({ deviceName: "rpi-abcdef01" });
  expect(server.devices.size).toBe(1);
});

it("a pre-provisioned device keeps the token that the server returns", async () => {
  const body = { credentialsValue: "theirs", credentialsType: "ACCESS_TOKEN", status: "SUCCESS" };
  const { identity, provisioner } = setUp(createDeviceApi(fakeServer(() => answer("2.01", body))));
  expect(await provisioner.attempt(never)).toMatchObject({ accessToken: "theirs" });
  expect(tokenOf(identity.now().active)).toBe("theirs");
});

it.each<[string, string, object | undefined, RegExp, RegExp]>([
  [
    "P021",
    "4.00",
    { errorMsg: "Failed to provision device!", status: "FAILURE" },
    /the name "rpi-abcdef01" is already provisioned: "Failed to provision device!"/,
    /delete the device, or \(pre-provisioned devices\) delete its server attribute "provisionState"/,
  ],
  [
    "P022",
    "4.00",
    { errorMsg: "Provision data was not found!", status: "NOT_FOUND" },
    /"Provision data was not found!"/,
    /Device profiles > the profile > Device provisioning/,
  ],
  ["P024", "4.00", undefined, /4\.00, no body/, /\[server\] url/],
])(
  "%s tells the operator what the server said and which screen mends it",
  async (code, wire, body, message, hint) => {
    const refusing = fakeServer(({ method }) =>
      method === "GET" ? answer("4.01") : answer(wire, body),
    );
    const { provisioner } = setUp(createDeviceApi(refusing));
    const error = await provisioner.attempt(never).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: "refused", code });
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  },
);

it("5.00 is the server's trouble: the claim waits, and is asked about first", async () => {
  const broken = fakeServer(() => answer("5.00"));
  const { provisioner, identity } = setUp(createDeviceApi(broken));
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  expect(broken.asked()).toEqual(["POST provision", "GET attributes"]);
  expect(identity.now().claim).not.toBeNull();
});

it("asks for the secret by name where there is none, and sends nothing", async () => {
  const { provisioner, server } = setUp(null, { secret: null });
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ code: "P026" });
  expect(server.requests).toEqual([]);
});

it("leaves the name out when the server is to make it", async () => {
  const { provisioner, server } = setUp(null, { deviceName: null });
  expect(await provisioner.attempt(never)).toMatchObject({ deviceName: null });
  expect(textOf(server.requests[0] ?? expect.fail("nothing was asked"))).not.toContain(
    "deviceName",
  );
});

it("a claim that cannot be stored is not sent", async () => {
  const { deps, server } = setUp(null);
  const full = new AgentError("storage", "ENOSPC");
  const store = {
    ...deps.store,
    save: () => {
      throw full;
    },
  };
  await expect(createProvisioner({ ...deps, store }).attempt(never)).rejects.toBe(full);
  expect(server.requests).toEqual([]);
});

it("a card in another board becomes that board's own device; back home it is the first one again", async () => {
  const { deps, server, provisioner, identity } = setUp(null);
  const home = await provisioner.attempt(never);
  const moved = createProvisioner({ ...deps, board: elsewhere, deviceName: "rpi-ffffffff" });
  expect(moved.stored()).toBeNull();
  expect(await moved.attempt(never)).toMatchObject({ deviceName: "rpi-ffffffff" });
  expect(identity.now().kept).toMatchObject([{ accessToken: tokenOf(home), reason: "board" }]);
  expect(provisioner.stored()).toEqual(home);
  expect([...server.devices.keys()]).toEqual(["rpi-abcdef01", "rpi-ffffffff"]);
});

it('"stop" on another board sends nothing and names the board', async () => {
  const { deps, server, provisioner } = setUp(null);
  await provisioner.attempt(never);
  const moved = createProvisioner({ ...deps, board: elsewhere, onHardwareChange: "stop" });
  expect(() => moved.stored()).toThrow(expect.objectContaining({ code: "P025" }));
  await expect(moved.attempt(never)).rejects.toThrow(/serial 00000000abcdef01/);
  expect(server.requests).toHaveLength(1);
});

it('"continue" on another board goes on as the first device, bound to the new board', async () => {
  const { deps, provisioner, identity } = setUp(null);
  const home = await provisioner.attempt(never);
  const moved = createProvisioner({ ...deps, board: elsewhere, onHardwareChange: "continue" });
  expect(tokenOf(moved.stored())).toBe(tokenOf(home));
  expect(identity.now().active?.fingerprint?.value).toBe("00000000ffffffff");
});

it("another server is asked anew; going back needs no provisioning", async () => {
  const { deps, server, provisioner } = setUp(null);
  const first = await provisioner.attempt(never);
  const other = createProvisioner({
    ...deps,
    server: "other:7000",
    api: createDeviceApi(fakeThingsBoard()),
  });
  expect(other.stored()).toBeNull();
  await other.attempt(never);
  expect(provisioner.stored()).toEqual(first);
  expect(server.asked()).toEqual(["POST provision"]);
});

it("a token handed over is verified before it replaces the old one", async () => {
  const { provisioner, server, identity } = setUp(null);
  await provisioner.attempt(never);
  await expect(provisioner.adopt("unknown", never)).rejects.toMatchObject({ kind: "unauthorized" });
  expect(tokenOf(identity.now().active)).not.toBe("unknown");
  server.devices.set("ready", "made-elsewhere");
  expect(await provisioner.adopt("made-elsewhere", never)).toMatchObject({
    accessToken: "made-elsewhere",
  });
  expect(identity.now().kept).toMatchObject([{ reason: "reset" }]);
});

it("credentials that were let go are kept aside and not taken up again", async () => {
  const { provisioner, identity } = setUp(null);
  const accessToken = tokenOf(await provisioner.attempt(never));
  provisioner.release();
  expect(provisioner.stored()).toBeNull();
  expect(identity.now().kept).toMatchObject([{ accessToken, reason: "revoked" }]);
});

it("a renewal that fails leaves the credentials in use, one that succeeds sets them aside in the same step", async () => {
  const { provisioner, server, identity } = setUp(null);
  const first = await provisioner.attempt(never);
  await expect(provisioner.renew(never)).rejects.toMatchObject({ code: "P021" });
  expect(provisioner.stored()).toEqual(first);
  server.devices.clear(); // the operator deleted the device, as P021 says
  const second = await provisioner.renew(never);
  expect(tokenOf(second)).not.toBe(tokenOf(first));
  expect(identity.now()).toMatchObject({
    claim: null,
    active: { accessToken: tokenOf(second) },
    kept: [{ accessToken: tokenOf(first), reason: "reset" }],
  });
  expect(identity.saved.every(({ active, claim }) => active !== null || claim !== null)).toBe(true);
});

it("a name that is taken by ourselves is no obstacle: a former token that is valid again is taken back", async () => {
  const { provisioner } = setUp(null);
  const first = await provisioner.attempt(never);
  provisioner.release();
  expect(await provisioner.attempt(never)).toEqual(first);
});

it("a server that says 4.04 to everything proves nothing", async () => {
  const stranger = fakeServer(() => answer("4.04"));
  const { provisioner, identity } = setUp(createDeviceApi(stranger));
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  await expect(provisioner.adopt("anything", never)).rejects.toMatchObject({ kind: "transient" });
  expect(identity.now().active).toBeNull();
});

it("keeps the way home longer than tokens that were let go", async () => {
  const { deps, server } = setUp(null);
  const home = await createProvisioner({ ...deps, server: "home" }).attempt(never);
  for (let round = 0; round < 6; round++) {
    server.devices.clear();
    await createProvisioner({ ...deps, server: "away", random: seededRandom(round + 9) }).renew(
      never,
    );
  }
  expect(deps.store.load().kept).toHaveLength(4);
  expect(createProvisioner({ ...deps, server: "home" }).stored()).toEqual(home);
});

describe("a new access token", () => {
  /** A device in use, and the moment at which the server is asked about "next". */
  async function inUse(asked: (known: () => void) => void = () => {}) {
    const at = setUp(null);
    const old = await at.provisioner.attempt(never);
    const known = () => void at.server.devices.set("rpi-abcdef01", "next");
    at.server.hooks.beforeAnswer = () => asked(known);
    const told: string[] = [];
    at.provisioner.onRotated((credentials) => void told.push(tokenOf(credentials) ?? "none"));
    return { ...at, old, known, told };
  }

  it("is stored before the server is asked, and sets the old one aside in the step in which it is known", async () => {
    const { provisioner, identity, old, known, told, server } = await inUse();
    known();
    const saves = identity.saved.length;
    const credentials = await provisioner.rotate("next", never);
    expect(credentials).toEqual({ ...old, accessToken: "next" });
    expect(identity.saved.slice(saves)).toMatchObject([
      { claim: { accessToken: "next" }, active: old },
      { claim: null, active: { accessToken: "next" }, kept: [{ ...old, reason: "reset" }] },
    ]);
    expect(told).toEqual(["next"]);
    expect(provisioner.candidate()).toBeNull();
    expect(await provisioner.rotate("next", never)).toEqual(credentials); // said twice
    expect(server.asked().filter((asked) => asked.startsWith("GET"))).toHaveLength(2);
  });

  it("that is refused leaves the old one in use, and waits for another word", async () => {
    const { provisioner, identity, old, known, told } = await inUse();
    await expect(provisioner.rotate("next", never)).rejects.toMatchObject({
      kind: "unauthorized",
      code: "P032",
      hint: expect.any(String),
    });
    expect(identity.now()).toMatchObject({ claim: { accessToken: "next" }, active: old });
    expect(tokenOf(provisioner.candidate())).toBe("next");
    known();
    expect(await provisioner.retryCandidate(never)).toMatchObject({ accessToken: "next" });
    expect(told).toEqual(["next"]);
    expect(await provisioner.retryCandidate(never)).toBeNull();
  });

  it("of which nobody can be asked is found again by the next start", async () => {
    const { provisioner, deps, identity, old, known } = await inUse(() => {
      throw lost;
    });
    known();
    await expect(provisioner.rotate("next", never)).rejects.toMatchObject({ kind: "transient" });
    expect(identity.now().active).toEqual(old);
    const { server } = setUp(null);
    server.devices.set("rpi-abcdef01", "next");
    const started = createProvisioner({ ...deps, api: createDeviceApi(server) });
    expect(started.candidate()).toBeNull(); // it has not looked yet
    expect(started.stored()).toEqual(old);
    expect(tokenOf(started.candidate())).toBe("next");
    expect(await started.retryCandidate(never)).toMatchObject({ accessToken: "next" });
  });

  it.each(["", "x".repeat(256), "a\nb"])(
    "that is none is refused, and not stored",
    async (token) => {
      const { provisioner, identity } = await inUse();
      const saves = identity.saved.length;
      await expect(provisioner.rotate(token, never)).rejects.toMatchObject({ code: "P031" });
      expect(identity.saved).toHaveLength(saves);
    },
  );

  it("that cannot be stored is not asked about; one that cannot be promoted is used all the same", async () => {
    const { deps, known, server, old } = await inUse();
    known();
    const full = new AgentError("storage", "ENOSPC");
    let room = 0;
    const store = {
      ...deps.store,
      save: (identity: Identity) => {
        if (room-- <= 0) throw full;
        deps.store.save(identity);
      },
    };
    const asked = server.requests.length;
    const cramped = createProvisioner({ ...deps, store });
    await expect(cramped.rotate("next", never)).rejects.toBe(full);
    expect(server.requests).toHaveLength(asked);
    room = 1;
    const told: string[] = [];
    cramped.onRotated((credentials) => void told.push(tokenOf(credentials) ?? "none"));
    expect(await cramped.rotate("next", never)).toMatchObject({ accessToken: "next" });
    expect(told).toEqual(["next"]);
    expect(deps.store.load()).toMatchObject({ claim: { accessToken: "next" }, active: old });
  });

  it("waits for its turn: the later one is the one in use", async () => {
    const { provisioner, identity, server, old } = await inUse();
    server.devices.set("rpi-abcdef01", "first").set("another", "second");
    await Promise.all([provisioner.rotate("first", never), provisioner.rotate("second", never)]);
    expect(identity.now()).toMatchObject({
      claim: null,
      active: { accessToken: "second" },
      kept: [{ accessToken: "first" }, { accessToken: tokenOf(old) }],
    });
  });

  it("does not push out the way home, however many were never valid", async () => {
    const { deps, provisioner } = await inUse();
    const away = createProvisioner({ ...deps, server: "away", random: seededRandom(7) });
    const { server } = setUp(null);
    await createProvisioner({ ...deps, server: "away", api: createDeviceApi(server) }).attempt(
      never,
    );
    for (let n = 0; n < 9; n++)
      await expect(away.rotate(`bad-${n}`, never)).rejects.toMatchObject({ kind: "unauthorized" });
    expect(deps.store.load().kept).toHaveLength(4);
    expect(provisioner.stored()?.deviceName).toBe("rpi-abcdef01");
  });
});
