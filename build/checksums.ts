import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const NAME = "SHA256SUMS";

export const sha256 = (content: Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** Writes SHA256SUMS, for `sha256sum --check`, beside the files; resolves to its path. */
export function writeChecksums(folder: string, paths: readonly string[]): string {
  const lines = paths
    .toSorted()
    .map((path) => `${sha256(readFileSync(path))}  ${basename(path)}\n`);
  const file = join(folder, NAME);
  writeFileSync(file, lines.join(""));
  return file;
}

/** Writes SHA256SUMS.sig, for `openssl dgst -sha256 -verify`. @throws where the key is not one that can sign so */
export function signChecksums(file: string, keyFile: string): string {
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== "ec" && key.asymmetricKeyType !== "rsa")
    throw new Error(
      `${keyFile} is a key of type ${key.asymmetricKeyType}; \`openssl dgst\` verifies ec and rsa: ` +
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    );
  const signature = `${file}.sig`;
  writeFileSync(signature, sign("sha256", readFileSync(file), key));
  return signature;
}
