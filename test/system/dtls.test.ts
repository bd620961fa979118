import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { makeDeviceCertificate } from "../../agent/dtls/make-certificate.ts";
import { fingerprint } from "../../agent/dtls/refusal.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { demand } from "../support/demand.ts";
import { dtlsClient } from "../support/dtls-client.ts";
import { recordTypes } from "../support/dtls-records.ts";
import { type DtlsServer, gnutlsServer, opensslServer } from "../support/dtls-servers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Our DTLS against implementations that share nothing with it but the standard: OpenSSL of Debian, and GnuTLS. */

const executable = join(import.meta.dirname, `../../dist/pipit-linux-${process.arch}`);

let made: Certificates;
beforeAll(() => {
  demand(["openssl", "openssl"], ["gnutls-serv", "gnutls-bin"]);
  made = makeCertificates();
});

const trusting = (options: Parameters<typeof dtlsClient>[1] = {}) =>
  dtlsClient(made.authority.certificate, options);

describe.each([
  ["openssl s_server", opensslServer],
  ["gnutls-serv", gnutlsServer],
])("%s", (name, start) => {
  it.each(["ec", "rsa", "chain"] as const)("with a certificate of kind %s", async (kind) => {
    await using server = await start({ folder: temporaryFolder(), own: made[kind] });
    const { connect, network } = trusting();
    const { say, next } = await connect(server.port);
    say("a reading\n");
    await heardBy(name, server, next);
    expect(network.stats()).toMatchObject({ handshakes: 1, resumed: 0 });
  });

  it("takes a session up again", async () => {
    await using server = await start({ folder: temporaryFolder(), own: made.ec });
    const { connect, network } = trusting();
    const first = await connect(server.port);
    first.say("a reading\n");
    await heardBy(name, server, first.next);
    first.channel[Symbol.dispose]();
    const second = await connect(server.port);
    second.say("another reading\n");
    expect(network.stats()).toMatchObject({ handshakes: 2, resumed: 1 });
  });

  it("asks for a certificate of the board, and takes it", async () => {
    const folder = temporaryFolder();
    const args = start === opensslServer ? ["-dtls1_2", "-Verify", "1"] : ["--require-client-cert"];
    await using server = await start({ folder, own: made.ec, args });
    const { connect } = trusting({ own: made.client });
    const { say, next } = await connect(server.port);
    say("a reading\n");
    await heardBy(name, server, next);
  });

  it("takes the certificate that a board has made itself, where it is trusted and nobody else is", async () => {
    const folder = temporaryFolder();
    const own = makeDeviceCertificate("board-1");
    const anchor = join(folder, "board.pem");
    writeFileSync(anchor, own.certificate);
    const args =
      start === opensslServer
        ? ["-dtls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", anchor]
        : ["--require-client-cert", "--verify-client-cert", "--x509cafile", anchor];
    await using server = await start({ folder, own: made.ec, args });
    const { say, next } = await trusting({ own }).connect(server.port);
    say("a reading\n");
    await heardBy(name, server, next);
    await using unmoved = await start({ folder, own: made.ec, args });
    const stranger = trusting({ own: makeDeviceCertificate("board-2") });
    await expect(stranger.connect(unmoved.port)).rejects.toMatchObject({ code: "P066" });
  });
});

/** s_server prints what it hears, gnutls-serv sends it back. */
async function heardBy(name: string, server: DtlsServer, next: () => Promise<string>) {
  if (name === "gnutls-serv") expect(await next()).toContain("a reading");
  else await server.prints(/^a reading$/m);
}

describe("refuses, each in its own words and before it sends anything", () => {
  const cases: [string, keyof Certificates, string, RegExp][] = [
    ["a self-signed impostor", "impostor", "P060", /signed by nobody we trust but itself/],
    ["an impostor without a name", "nameless", "P060", /signed by nobody we trust .*no name/],
    ["an expired one without a name", "namelessExpired", "P062", /expired 10 days ago .*no name/],
    ["an unknown authority", "unknownAuthority", "P060", /authority that is not trusted here/],
    ["another name", "wrongName", "P061", /is for other\.example, not for localhost/],
    ["an expired certificate", "expired", "P062", /expired 10 days ago/],
    ["one that is not valid yet", "future", "P063", /becomes valid in 10 days/],
  ];
  it.each(cases)("%s", async (_what, kind, code, message) => {
    await using server = await opensslServer({ folder: temporaryFolder(), own: made[kind] });
    const { connect, network, sent } = trusting();
    const error = await connect(server.port).catch((refused: unknown) => refused);
    expect(error).toMatchObject({
      kind: "transient",
      code,
      message: expect.stringMatching(message),
    });
    expect(error).toMatchObject({ hint: expect.stringMatching(/./) });
    expect(network.stats().handshakes).toBe(0);
    expect(recordTypes(sent)).toContain(22);
    expect(recordTypes(sent)).not.toContain(23);
    expect(server.printed()).not.toContain("a reading");
  });

  it.each(["expired", "future"] as const)("%s, by a clock that nobody has set", async (kind) => {
    await using server = await opensslServer({ folder: temporaryFolder(), own: made[kind] });
    await expect(trusting({ isClockSet: false }).connect(server.port)).rejects.toMatchObject({
      code: "P070",
      message: expect.stringMatching(/by a clock that is not (set yet|trusted)/),
      hint: expect.stringContaining("timedatectl"),
    });
  });

  it("another certificate than the pinned one", async () => {
    await using server = await opensslServer({ folder: temporaryFolder(), own: made.ec });
    const pin = fingerprint(new X509Certificate(made.ec.certificate));
    const { connect, sent } = trusting({ pin: "ab".repeat(32) });
    await expect(connect(server.port)).rejects.toMatchObject({
      code: "P064",
      message: expect.stringContaining(pin),
    });
    expect(recordTypes(sent)).not.toContain(23);
    await trusting({ pin }).connect(server.port);
  });

  it.each([
    ["DTLS 1.0 only", ["-dtls1", "-cipher", "ALL:@SECLEVEL=0"]],
    ["no suite in common", ["-dtls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"]],
  ])("%s", async (_what, args) => {
    await using server = await opensslServer({ folder: temporaryFolder(), own: made.ec, args });
    await expect(trusting().connect(server.port)).rejects.toMatchObject({
      code: "P066",
      message: expect.stringMatching(/does not speak DTLS 1\.2|shares no cipher suite/),
    });
  });

  it("a board without a certificate where one is demanded", async () => {
    const args = ["-dtls1_2", "-Verify", "1", "-verify_return_error"];
    await using server = await opensslServer({ folder: temporaryFolder(), own: made.ec, args });
    await expect(trusting().connect(server.port)).rejects.toMatchObject({ code: "P066" });
  });
});

it("accepts a self-signed certificate that is its own anchor, and one that is named in the old way, with a warning", async () => {
  await using server = await opensslServer({ folder: temporaryFolder(), own: made.impostor });
  await dtlsClient(made.impostor.certificate).connect(server.port);
  await using old = await opensslServer({ folder: temporaryFolder(), own: made.onlyCommonName });
  const client = trusting();
  await client.connect(old.port);
  expect(client.log.lines.map(({ event }) => event)).toContain(
    "the server's certificate has its name in CN only, which is going out of use",
  );
});

it("trusts whoever is named, be it a server or an authority in the middle", async () => {
  await using server = await opensslServer({ folder: temporaryFolder(), own: made.chain });
  await dtlsClient(made.middle.certificate).connect(server.port);
  await using other = await opensslServer({ folder: temporaryFolder(), own: made.ec });
  await dtlsClient(made.ec.certificate).connect(other.port);
  await using third = await opensslServer({ folder: temporaryFolder(), own: made.ec });
  await expect(dtlsClient(made.rsa.certificate).connect(third.port)).rejects.toMatchObject({
    code: "P060",
  });
});

it("believes whoever answers only where it is told to", async () => {
  await using server = await opensslServer({ folder: temporaryFolder(), own: made.impostor });
  await trusting({ verify: false }).connect(server.port);
});

it("the sandbox has no suite for a client that has a shared key alone", async () => {
  await using sandbox = await startSandbox({ httpPort: null, secure: { names: ["localhost"] } });
  const psk = ["-psk", "00112233", "-psk_identity", "board", "-cipher", "PSK-AES128-GCM-SHA256"];
  const client = spawn("openssl", [
    "s_client",
    "-dtls1_2",
    "-connect",
    `127.0.0.1:${sandbox.port}`,
    ...psk,
  ]);
  let text = "";
  client.stderr.on("data", (chunk) => {
    text += String(chunk);
  });
  expect(await once(client, "exit")).toEqual([1, null]);
  expect(text).toMatch(/alert handshake failure/);
  expect(sandbox.state().counters.dtlsFailures).toBeGreaterThan(0);
});

it("works inside of the single executable", async () => {
  const child = spawn(executable, ["sandbox", "--secure", "--no-http"]);
  const gone = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (/acknowledged and stored by the server/.test(text)) child.kill("SIGINT");
  }
  expect(await gone).toEqual([0, null]);
  expect(text).toMatch(/stand-in on coaps:/);
  expect(text).toMatch(/POST telemetry .* 2\.01/);
  expect(text).toMatch(/ 0 waiting, 0 lost/);
});
