import { chownSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERASED } from "../../../agent/config/secret-sources.ts";
import { eraseSecret } from "../../../agent/platform/erase-secret.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SECRET = "aSecretOfTheFleet";

function secretIn(text = `${SECRET}\n`) {
  const folder = temporaryFolder();
  const file = join(folder, "provision-secret");
  writeFileSync(file, text, { mode: 0o600 });
  return { folder, file };
}

it("writes over the secret where it lies: same file, same mode, nothing of it left", () => {
  const long = "x".repeat(300);
  for (const secret of [SECRET, long]) {
    const { folder, file } = secretIn(`  ${secret}\n`);
    const before = statSync(file);
    expect(eraseSecret(file, secret, folder)).toBe(true);
    const text = readFileSync(file, "utf8");
    expect(text.startsWith(ERASED)).toBe(true);
    expect(text.slice(ERASED.length).trim()).toBe("");
    expect(text.length).toBeGreaterThanOrEqual(before.size);
    expect(statSync(file)).toMatchObject({ ino: before.ino, mode: before.mode });
  }
});

it("leaves what has become another secret meanwhile", () => {
  const { folder, file } = secretIn("aNewOne");
  expect(eraseSecret(file, SECRET, folder)).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("aNewOne");
});

it("leaves what is not its own: another's file, a link, a folder, nothing", () => {
  const { folder, file } = secretIn();
  const link = join(folder, "link");
  symlinkSync(file, link);
  for (const path of [link, folder, join(folder, "none")])
    expect(eraseSecret(path, SECRET, folder)).toBe(false);
  expect(readFileSync(file, "utf8")).toBe(`${SECRET}\n`);
});

it.runIf(process.geteuid?.() === 0)(
  "takes for its own as root only what lies in the state folder, and never another user's",
  () => {
    const { folder, file } = secretIn();
    expect(eraseSecret(file, SECRET, "/var/lib/pipit")).toBe(false);
    chownSync(file, 65_534, 65_534);
    expect(eraseSecret(file, SECRET, folder)).toBe(false);
    expect(readFileSync(file, "utf8")).toBe(`${SECRET}\n`);
  },
);
