import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { signChecksums, writeChecksums } from "../../../build/checksums.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function sums() {
  const folder = temporaryFolder();
  for (const name of ["b.deb", "a.deb"]) writeFileSync(join(folder, name), name);
  return { folder, file: writeChecksums(folder, [join(folder, "b.deb"), join(folder, "a.deb")]) };
}

it("lists the files in the order of their names, as sha256sum does", () => {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  expect(readFileSync(sums().file, "utf8")).toBe(
    `${hash("a.deb")}  a.deb\n${hash("b.deb")}  b.deb\n`,
  );
});

it("signs them with a key that openssl dgst can verify, and with no other", () => {
  const { folder, file } = sums();
  const keyFile = join(folder, "key.pem");
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  const signature = readFileSync(signChecksums(file, keyFile));
  expect(verify("sha256", readFileSync(file), publicKey, signature)).toBe(true);
  const other = generateKeyPairSync("ed25519").privateKey;
  writeFileSync(keyFile, other.export({ type: "pkcs8", format: "pem" }));
  expect(() => signChecksums(file, keyFile)).toThrow(/type ed25519; .* openssl genpkey/);
});
