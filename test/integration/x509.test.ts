import { X509Certificate } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeCertificate } from "../../agent/dtls/make-certificate.ts";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";

/** Boards that log in with a certificate: real processes against the sandbox, over real sockets. */

const secure = { secure: { names: ["localhost"] } };
const own = { env: { PIPIT_PROVISIONING_CREDENTIALS_TYPE: "x509", PIPIT_LOG_LEVEL: "debug" } };

const identityIn = (state: string) =>
  JSON.parse(readFileSync(join(state, "credentials.json"), "utf8"));

it("makes a key of its own, provisions with its certificate, and publishes on paths without a token", async () => {
  const { server, events, until, count, state, args } = await site(secure);
  const first = pipit(["run", ...args], own);
  await until(() => count("telemetry") >= 3);
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  expect(server.state().devices["board-1"]?.credentialsType).toBe("X509_CERTIFICATE");
  expect(server.accessTokenOf("board-1")).toBeNull();

  const file = join(state, "credentials.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { version, active } = identityIn(state);
  expect(version).toBe(2);
  expect(active).not.toHaveProperty("accessToken");
  const certificate = new X509Certificate(active.certificate);
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(certificate.subject).toBe("CN=board-1");
  expect(certificate.validTo).toMatch(/9999/);
  expect(certificate.verify(certificate.publicKey)).toBe(true);

  // The device is looked up in the handshake: what was refused right after provisioning was asked again on a new session.
  const stored = events.filter(({ path, code }) => path === "telemetry" && code === "2.01");
  expect(stored.length).toBeGreaterThan(0);
  const again = pipit(["run", ...args], own);
  await until(() => count("telemetry") >= 6);
  again.child.kill("SIGTERM");
  expect(await again.ended).toBe(0);
  expect(count("provision")).toBe(1);
  const said = [first, again].map(({ stdout, stderr }) => stdout() + stderr()).join("");
  expect(said).not.toMatch(/resumed=true/);
  const [, line = ""] = active.key.split("\n");
  expect(line.length).toBeGreaterThan(40);
  expect(said).not.toContain(line);
});

it("provision makes an X.509 device, finds it again, and makes another key with --reset", async () => {
  const { server, count, state, args } = await site(secure);
  const run = async (...more: string[]) => {
    const { ended, stdout, stderr } = pipit(["provision", ...args, ...more], own);
    return { code: await ended, said: stdout() + stderr() };
  };
  expect(await run()).toMatchObject({ code: 0, said: expect.stringContaining("provisioned as") });
  const first = identityIn(state).active.certificate;
  expect((await run()).said).toMatch(/^already provisioned as "board-1"/);
  expect(count("provision")).toBe(1);
  server.deleteDevice("board-1");
  expect((await run()).said).toMatch(/P027/);
  expect((await run("--reset")).code).toBe(0);
  expect(identityIn(state).active.certificate).not.toBe(first);
});

it("survives the loss of the answer to its provisioning request: one device, one key", async () => {
  const { server, until, events, count, state, args } = await site({
    ...secure,
    faults: { dropProvisionAnswers: 1 },
  });
  const cut = pipit(["provision", ...args], own);
  await until(() => count("provision") >= 1);
  cut.child.kill("SIGKILL");
  await cut.ended;
  const { claim, active } = identityIn(state);
  expect(active).toBeNull();
  const agent = pipit(["run", ...args], own);
  await until(() => events.some(({ path, code }) => path === "telemetry" && code === "2.01"));
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  expect(identityIn(state).active.certificate).toBe(claim.certificate);
  expect(Object.keys(server.state().devices)).toEqual(["board-1"]);
  expect(events.filter(({ path, repeat }) => path === "provision" && !repeat)).toHaveLength(1);
});

it("goes by full handshakes: a device whose credentials were mended is found again", async () => {
  const { server, until, events, state, args } = await site(secure);
  const agent = pipit(["run", ...args], own);
  const stored = () =>
    events.filter(({ path, code }) => path === "telemetry" && code === "2.01").length;
  await until(() => stored() >= 2);
  server.revoke("board-1");
  await until(() => events.some(({ path, code }) => path === "telemetry" && code === "4.01"));
  // Pasted again in ThingsBoard: the next probe has to be a new handshake, or it would never be noticed.
  server.setCertificate("board-1", identityIn(state).active.certificate);
  const before = stored();
  await until(() => stored() > before);
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
});

it("logs in with a certificate that was handed over, which the operator has entered in ThingsBoard", async () => {
  const { server, until, count, state, config, text } = await site(secure);
  const handed = makeCertificate({
    commonName: "handed",
    names: [],
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + 86_400_000,
    isAuthority: false,
    issuer: null,
  });
  const folder = join(config, "..");
  const paths = { cert: join(folder, "device.pem"), key: join(folder, "device.key") };
  writeFileSync(paths.cert, handed.certificate);
  writeFileSync(paths.key, handed.key, { mode: 0o600 });
  const lines = `[server]\nclient_cert = "${paths.cert}"\nclient_key = "${paths.key}"`;
  const keyless = text
    .replace("[server]", lines)
    .replace(/key = "sandbox-key"\nsecret = "sandbox-secret"\n/, "");
  writeFileSync(config, keyless, { mode: 0o600 });
  const args = ["--config", config, "--state", state];

  const check = async () => {
    const { ended, stdout } = pipit(["config", "check", "--config", config]);
    await ended;
    return stdout();
  };
  expect(await check()).not.toMatch(/every user/);
  chmodSync(paths.key, 0o644);
  expect(await check()).toMatch(/device\.key: can be read by every user.*sudo chmod 640/);
  chmodSync(paths.key, 0o600);

  const unknown = pipit(["provision", ...args]);
  expect(await unknown.ended).not.toBe(0);
  expect(unknown.stderr()).toMatch(/P036[\s\S]*Manage credentials > X\.509/);

  server.preprovision("by-hand");
  server.setCertificate("by-hand", handed.certificate);
  const agent = pipit(["run", ...args], { env: { PIPIT_LOG_LEVEL: "debug" } });
  await until(() => count("telemetry") >= 2);
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  expect(count("provision")).toBe(0);
  const { telemetry } = server.state().devices["by-hand"] ?? expect.fail("no device");
  expect(Object.keys(telemetry.keys)).toContain("uptime");
  const kept = readFileSync(join(state, "credentials.json"), "utf8");
  expect(identityIn(state).active.key).toBeNull();
  expect(kept).not.toContain("PRIVATE KEY");
});
