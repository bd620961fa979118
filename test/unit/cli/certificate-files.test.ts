import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { certificateProblems } from "../../../agent/cli/certificate-files.ts";
import { defaultConfig } from "../../../agent/config/config.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { type Certificates, makeCertificates } from "../../support/certificates.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

let made: Certificates;
let folder: string;

beforeAll(() => {
  made = makeCertificates();
});
beforeEach(() => {
  folder = temporaryFolder();
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

interface Files {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A line each, without the folder. */
function problems({ ca, cert, key }: Files, nowMs = Date.now()): readonly string[] {
  const server = {
    ...defaultConfig.server,
    url: "coaps://tb.example.com",
    ca_file: ca ?? null,
    client_cert: cert ?? null,
    client_key: key ?? null,
  };
  return certificateProblems({ ...defaultConfig, server }, nowMs).map(
    (problem) => `${problem.severity} ${formatProblem(problem).replaceAll(`${folder}/`, "")}`,
  );
}

it("has nothing to say of a pair that fits and of a chain of authorities, nor where nothing is given", () => {
  const { client, chain, authority } = made;
  expect(problems({})).toEqual([]);
  expect(
    problems({
      ca: file("ca.pem", authority.certificate + chain.certificate),
      cert: file("board.pem", client.certificate),
      key: file("board.key", client.key),
    }),
  ).toEqual([]);
});

it("names the key that is another certificate's", () => {
  const cert = file("board.pem", made.client.certificate);
  const key = file("board.key", made.ec.key);
  expect(problems({ cert, key })).toEqual([
    "error board.key: the key does not belong to the certificate in board.pem; give both of one pair",
  ]);
});

it("names the day on which the board's certificate expired, as a warning", () => {
  const { certificate, key } = made.expired;
  const day = new Date(Date.now() - 9.5 * 86_400_000).toISOString().slice(0, 10);
  expect(problems({ cert: file("old.pem", certificate), key: file("old.key", key) })).toEqual([
    `warning old.pem: the certificate has expired on ${day}, and servers refuse such; put a new one there`,
  ]);
});

it("says what a file is not: no PEM, damaged, an encrypted key, a certificate in the place of a key", () => {
  const { client } = made;
  const cert = file("board.pem", client.certificate);
  expect(problems({ ca: file("ca.der", "0\x82\x01") })).toEqual([
    expect.stringMatching(/^error ca\.der: there is no certificate in it; ca_file wants PEM/),
  ]);
  const damaged = client.certificate.replace(/\n[A-Za-z0-9+/]{8}/, "\nAAAAAAAA");
  expect(problems({ cert: file("damaged.pem", damaged) })).toEqual([
    "error damaged.pem: certificate 1 in it cannot be read; export the file once more",
  ]);
  // What stands behind it is not taken for the board's own.
  const chain = file("damaged-chain.pem", damaged + made.expired.certificate);
  expect(problems({ cert: chain, key: file("board.key", client.key) })).toEqual([
    expect.stringMatching(/^error damaged-chain\.pem: certificate 1 in it cannot be read/),
  ]);
  expect(problems({ cert, key: cert })).toEqual([
    expect.stringMatching(/^error board\.pem: there is no private key in it/),
  ]);
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "p" },
  });
  expect(problems({ cert, key: file("locked.key", privateKey) })).toEqual([
    expect.stringMatching(
      /^error locked\.key: the key is encrypted.*openssl pkey -in locked\.key$/,
    ),
  ]);
});

it("says what is not there, and what is no file", () => {
  expect(problems({ ca: join(folder, "none.pem") })).toEqual([
    "error none.pem: there is no such file; correct ca_file in [server], or put the file there",
  ]);
  const path = join(folder, "folder");
  mkdirSync(path);
  expect(problems({ ca: path })).toEqual([
    expect.stringMatching(/^error folder: it cannot be read \(EISDIR\); correct ca_file/),
  ]);
});

it("says what this user may not read", () => {
  const path = file("closed.key", made.client.key);
  chmodSync(path, 0);
  const isRoot = process.geteuid?.() === 0; // who may read anything
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect(problems({ key: path })).toEqual([
      expect.stringMatching(
        /^error closed\.key: this user may not read it.*sudo pipit config check$/,
      ),
    ]);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
