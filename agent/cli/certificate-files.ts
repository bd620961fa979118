import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import { errnoOf } from "../platform/errno.ts";
import { pemCertificates } from "./pem.ts";

/** What is wrong with the files of ca_file, client_cert and client_key, each named by its path. */
export function certificateProblems({ server }: Config, nowMs: number): readonly Problem[] {
  const { ca_file: ca, client_cert: own, client_key: key } = server;
  const problems: Problem[] = [];
  const say = (severity: Problem["severity"], source: string, message: string) =>
    problems.push({ severity, source, place: null, message });
  const complain = (source: string, message: string) => void say("error", source, message);

  if (ca !== null) certificatesIn(ca, "ca_file", complain);
  const [certificate] = (own !== null && certificatesIn(own, "client_cert", complain)) || [];
  if (own !== null && certificate && certificate.validToDate.getTime() < nowMs)
    say(
      "warning",
      own,
      `the certificate has expired on ${dayOf(certificate.validToDate)}, and servers refuse such; put a new one there`,
    );
  const opened = key === null ? null : keyIn(key, complain);
  if (own !== null && key !== null && certificate && opened && !certificate.checkPrivateKey(opened))
    complain(key, `the key does not belong to the certificate in ${own}; give both of one pair`);
  return problems;
}

type Complain = (source: string, message: string) => void;

function certificatesIn(
  path: string,
  setting: string,
  complain: Complain,
): readonly (X509Certificate | null)[] {
  const text = textOf(path, setting, complain);
  if (text === null) return [];
  const parts = pemCertificates(text);
  if (parts.length === 0)
    complain(
      path,
      `there is no certificate in it; ${setting} wants PEM (-----BEGIN CERTIFICATE-----). To make PEM of DER: openssl x509 -inform DER -in ${path}`,
    );
  return parts.map((part, index) => {
    try {
      return new X509Certificate(part);
    } catch {
      complain(path, `certificate ${index + 1} in it cannot be read; export the file once more`);
      return null;
    }
  });
}

function keyIn(path: string, complain: Complain): KeyObject | null {
  const text = textOf(path, "client_key", complain);
  if (text === null) return null;
  try {
    return createPrivateKey(text);
  } catch {
    complain(
      path,
      text.includes("ENCRYPTED")
        ? `the key is encrypted, and nobody is there to type; take the passphrase off: openssl pkey -in ${path}`
        : "there is no private key in it that can be read; client_key wants PEM (-----BEGIN PRIVATE KEY-----)",
    );
    return null;
  }
}

/** Null: there is nothing to look into. */
function textOf(path: string, setting: string, complain: Complain): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    complain(
      path,
      errno === "EACCES"
        ? `this user may not read it; for the service: sudo chgrp pipit ${path} && sudo chmod 640 ${path}; to look into it: sudo pipit config check`
        : `${errno === "ENOENT" ? "there is no such file" : `it cannot be read (${errno})`}; correct ${setting} in [server], or put the file there`,
    );
    return null;
  }
}

const dayOf = (date: Date) => date.toISOString().slice(0, 10);
