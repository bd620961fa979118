import { expect, it } from "vitest";
import { createProvisioner, type ProvisionerDeps } from "../../../agent/device/provisioner.ts";
import { AgentError } from "../../../agent/errors.ts";
import { keptSecret } from "../../../agent/platform/erase-secret.ts";
import { defaultProfile } from "../../../agent/sandbox/profile.ts";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { board } from "../../support/boards.ts";
import { tokenOf } from "../../support/identities.ts";
import { memoryIdentity } from "../../support/memory-identity.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { thingsBoard } from "../../support/thingsboard.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** The provisioner with certificates: the board's own, and those that the operator hands over. */

const never = new AbortController().signal;
const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
const preProvisioned = { ...defaultProfile, strategy: "CHECK_PRE_PROVISIONED_DEVICES" } as const;

function setUp(overrides: Partial<ProvisionerDeps> = {}, profile = defaultProfile) {
  const server = thingsBoard(virtualClock(), profile);
  const { store, now } = memoryIdentity();
  let made = 0;
  /** Of the operator; the network shows it by itself. */
  let handed: string | null = null;
  const transport: typeof server.transport = {
    ...server.transport,
    request: (request, signal) =>
      server.transport.request(
        handed === null ? request : { ...request, own: { certificate: handed, key: "handed" } },
        signal,
      ),
  };
  const deps: ProvisionerDeps = {
    api: createDeviceApi({ transport }),
    store,
    certificates: {
      handed: () => handed,
      make: async (name) => ({ certificate: pem(`${name}/${++made}`), key: `key-${made}` }),
    },
    credentialsType: "x509",
    random: seededRandom(1),
    board,
    server: "tb.example.com",
    deviceName: "dev",
    key: profile.key,
    secret: profile.secret,
    provisionSecret: keptSecret,
    onHardwareChange: "reprovision",
    showsCertificates: true,
    log: recordingLog(),
    ...overrides,
  };
  return {
    ...{ server, deps, now, provisioner: createProvisioner(deps) },
    hand: (certificate: string | null) => {
      handed = certificate;
    },
  };
}

const device = (server: ReturnType<typeof thingsBoard>, name = "dev") =>
  server.devices.named(name) ?? expect.fail(`no device ${name}`);

it("stores its key before it asks, and shows the server the certificate alone", async () => {
  const { server, now, provisioner } = setUp();
  server.path.up = (asked, request) => {
    if (asked !== "POST provision") return;
    expect(now().claim).toMatchObject({ certificate: pem("dev/1"), key: "key-1" });
    expect(new TextDecoder().decode(request.payload)).not.toContain("key-1");
  };
  expect(await provisioner.attempt(never)).toMatchObject({ deviceName: "dev", key: "key-1" });
  expect(device(server).credentials).toEqual({ type: "X509_CERTIFICATE", id: "dev/1" });
  expect(now()).toMatchObject({ claim: null, active: { certificate: pem("dev/1") } });
});

it("a lost answer strands nobody: the certificate that was claimed is asked about, and stays", async () => {
  const { server, now, provisioner } = setUp();
  server.path.down = (asked) => {
    if (asked === "POST provision") throw new AgentError("transient", "no answer");
  };
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  await provisioner.attempt(never);
  expect(now().active).toMatchObject({ key: "key-1" });
  expect(server.requests.filter(({ asked }) => asked === "POST provision")).toHaveLength(1);
});

it("a claim of the other kind is not asked for again, and not forgotten", async () => {
  const { server, deps, now, provisioner } = setUp();
  server.path.up = (asked) => {
    if (asked === "POST provision") throw new AgentError("transient", "not sent");
  };
  const before = createProvisioner({ ...deps, credentialsType: "access_token" });
  await expect(before.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  server.path.up = () => undefined;
  const claimed = tokenOf(now().claim);
  await provisioner.attempt(never);
  expect(now().active).toMatchObject({ certificate: pem("dev/1") });
  expect(now().kept).toMatchObject([{ accessToken: claimed, reason: "unproven" }]);
});

it("takes the token of a pre-provisioned device, whatever it asked for", async () => {
  const { server, now, provisioner } = setUp({}, preProvisioned);
  const credentials = { type: "ACCESS_TOKEN", id: "theirs" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  await provisioner.attempt(never);
  expect(tokenOf(now().active)).toBe("theirs");
  expect(now().claim).toBeNull();
});

it("says so when the pre-provisioned device has another certificate", async () => {
  const { server, provisioner } = setUp({}, preProvisioned);
  const credentials = { type: "X509_CERTIFICATE", id: "of-somebody-else" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "refused", code: "P037" });
});

it("a handed certificate that the server knows is enough: no key, no secret, no request", async () => {
  const { server, now, provisioner, hand } = setUp({ key: null, secret: null });
  hand(pem("handed"));
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ code: "P036" });
  const credentials = { type: "X509_CERTIFICATE", id: "handed" } as const;
  const profile = defaultProfile;
  server.devices.create({ name: "by-hand", profile, credentials, provisioned: false });
  await provisioner.attempt(never);
  expect(now().active).toEqual({
    server: "tb.example.com",
    fingerprint: { source: "serial", value: "00000000abcdef01" },
    deviceName: null,
    certificate: pem("handed"),
    key: null,
  });
});

it("provisions with a handed certificate where it has key and secret", async () => {
  const { server, now, provisioner, hand } = setUp();
  hand(pem("handed"));
  await provisioner.attempt(never);
  expect(device(server).credentials).toEqual({ type: "X509_CERTIFICATE", id: "handed" });
  expect(now().active).toMatchObject({ deviceName: "dev", key: null });
});

it("a handed certificate replaces a token, and the token is back when it is taken away", async () => {
  const { server, deps, now, provisioner, hand } = setUp({ credentialsType: "access_token" });
  const { store } = deps;
  await provisioner.attempt(never);
  const token = tokenOf(now().active);
  hand(pem("handed"));
  expect(provisioner.stored()).toBeNull();
  expect(store.load().kept).toMatchObject([{ accessToken: token, reason: "login" }]);
  device(server).credentials = { type: "X509_CERTIFICATE", id: "handed" };
  await provisioner.attempt(never);
  expect(now().active).toMatchObject({ certificate: pem("handed"), key: null });
  hand(null);
  expect(tokenOf(provisioner.stored())).toBe(token);
});

it("a token that comes where a certificate was handed over is kept for later", async () => {
  const { server, now, provisioner, hand } = setUp({}, preProvisioned);
  const credentials = { type: "ACCESS_TOKEN", id: "theirs" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  hand(pem("handed"));
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "refused", code: "P038" });
  expect(now().active).toBeNull();
  hand(null);
  expect(tokenOf(provisioner.stored())).toBe("theirs");
});

it("a token does not replace a certificate, neither sent by the server nor typed beside client_cert", async () => {
  const { now, provisioner, hand } = setUp();
  await provisioner.attempt(never);
  const before = now();
  await expect(provisioner.rotate("a-token", never)).rejects.toMatchObject({ code: "P034" });
  expect(now()).toEqual(before);
  hand(pem("handed"));
  await expect(provisioner.adopt("a-token", never)).rejects.toMatchObject({ code: "P034" });
});

it("has the log hide its key, also the one of an earlier run", async () => {
  const hidden: string[] = [];
  const log = { ...recordingLog(), protect: (secret: string) => void hidden.push(secret) };
  const { deps, provisioner } = setUp({ log });
  await provisioner.attempt(never);
  expect(hidden).toContain("key-1");
  hidden.length = 0;
  createProvisioner(deps).stored();
  expect(hidden).toContain("key-1");
});

it("on a way without certificates those of the board are set aside, unasked, and are back with coaps://", async () => {
  const { server, deps, provisioner } = setUp();
  await provisioner.attempt(never);
  const active = provisioner.stored();
  const asked = server.requests.length;
  const plain = createProvisioner({ ...deps, showsCertificates: false });
  expect(plain.stored()).toBeNull();
  expect(deps.store.load().kept).toMatchObject([{ key: "key-1", reason: "login" }]);
  expect(server.requests).toHaveLength(asked);
  expect(provisioner.stored()).toEqual(active);
});

it("a claimed certificate does not stand in the way of a token by coap://", async () => {
  const { server, deps, provisioner } = setUp();
  server.path.up = (asked) => {
    if (asked === "POST provision") throw new AgentError("transient", "no DTLS there");
  };
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ kind: "transient" });
  server.path.up = () => undefined;
  const changed = { showsCertificates: false, credentialsType: "access_token" } as const;
  const plain = createProvisioner({ ...deps, ...changed });
  expect(tokenOf(await plain.attempt(never))).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(deps.store.load().kept).toMatchObject([{ key: "key-1", reason: "unproven" }]);
});

it("however often a handed certificate is renewed, the token before it is kept", async () => {
  const { server, provisioner, hand } = setUp({ credentialsType: "access_token" });
  const token = tokenOf(await provisioner.attempt(never));
  for (let renewal = 1; renewal <= 9; renewal++) {
    hand(pem(`handed/${renewal}`));
    device(server).credentials = { type: "X509_CERTIFICATE", id: `handed/${renewal}` };
    await provisioner.attempt(never);
  }
  hand(null);
  expect(tokenOf(provisioner.stored())).toBe(token);
});

it("says what the server gave each time, not only the first time", async () => {
  const { server, provisioner, hand } = setUp({}, preProvisioned);
  const credentials = { type: "ACCESS_TOKEN", id: "theirs" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  hand(pem("handed"));
  for (let attempt = 0; attempt < 3; attempt++)
    await expect(provisioner.attempt(never)).rejects.toMatchObject({ code: "P038" });
});

it("finds the certificate in use when a pre-provisioned device returns it to a reset", async () => {
  const { server, now, provisioner } = setUp({}, preProvisioned);
  const credentials = { type: "X509_CERTIFICATE", id: "dev/1" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  await provisioner.attempt(never);
  device(server).provisioned = false;
  expect(await provisioner.renew(never)).toMatchObject({ key: "key-1" });
  expect(now()).toMatchObject({ claim: null, active: { key: "key-1" } });
});

it("a certificate of another server's time becomes this server's own, also after a restart", async () => {
  const { server, deps, provisioner } = setUp({ server: "old.example.com" }, preProvisioned);
  const credentials = { type: "X509_CERTIFICATE", id: "dev/1" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  await provisioner.attempt(never);
  device(server).provisioned = false;
  const moved = createProvisioner({ ...deps, server: "new.example.com" });
  expect(await moved.attempt(never)).toMatchObject({ server: "new.example.com", key: "key-1" });
  expect(createProvisioner({ ...deps, server: "new.example.com" }).stored()).toMatchObject({
    key: "key-1",
  });
});

it("beside a handed certificate no other one is taken, whatever the server returns", async () => {
  const { server, provisioner, hand } = setUp({}, preProvisioned);
  const credentials = { type: "X509_CERTIFICATE", id: "dev/1" } as const;
  server.devices.create({ name: "dev", profile: preProvisioned, credentials, provisioned: false });
  await provisioner.attempt(never);
  device(server).provisioned = false;
  hand(pem("handed"));
  await expect(provisioner.attempt(never)).rejects.toMatchObject({ code: "P037" });
});
