import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { provisionSecretOf } from "../../../agent/cli/spent-secret.ts";
import type { ParsedConfig } from "../../../agent/config/parse-config.ts";
import { readSecretFile } from "../../../agent/platform/config-files.ts";
import { parseFile } from "../../support/config-input.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SECRET = "aSecretOfTheFleet";

function board(toml: string, input: Parameters<typeof parseFile>[1] = {}) {
  const stateDir = temporaryFolder();
  const file = join(stateDir, "provision-secret");
  writeFileSync(file, SECRET, { mode: 0o600 });
  const log = recordingLog();
  const readSecret = (path: string | null) => readSecretFile(path, stateDir);
  const parsed: ParsedConfig = parseFile(toml, { readSecret, ...input });
  return { file, log, secret: provisionSecretOf(parsed, { stateDir, log }) };
}

const isThere = (file: string) => readFileSync(file, "utf8").includes(SECRET);

describe("the provisioning secret of a device that has its credentials", () => {
  it("is erased from a file of the agent's own, once, and the log says how to go on", () => {
    const { file, log, secret } = board("");
    expect(secret.spend()).toBe(true);
    expect(secret.spend()).toBe(true);
    expect(isThere(file)).toBe(false);
    expect(log.lines).toMatchObject([
      { level: "notice", fields: { file, hint: expect.stringContaining("keep_secret = true") } },
    ]);
  });

  it("is kept with keep_secret, without a word", () => {
    const { file, log, secret } = board("[provisioning]\nkeep_secret = true");
    expect(secret.spend()).toBe(false);
    expect(isThere(file)).toBe(true);
    expect(log.lines).toEqual([]);
  });

  it("of the configuration stays, and the log says where it lies and how to remove it", () => {
    const readSecret = () => null;
    const { log, secret } = board(`[provisioning]\nsecret = "${SECRET}"`, { readSecret });
    expect(secret.spend()).toBe(false);
    expect(secret.spend()).toBe(false);
    expect(log.lines).toMatchObject([
      {
        level: "notice",
        fields: {
          where: expect.stringMatching(/\.toml:2$/),
          hint: expect.stringMatching(/^remove it: sudo nano .*keep_secret = true$/),
        },
      },
    ]);
  });

  it("of the environment stays, and the log names the variable", () => {
    const environment = { PIPIT_PROVISIONING_SECRET: SECRET };
    const { log, secret } = board("", { environment, readSecret: () => null });
    expect(secret.spend()).toBe(false);
    expect(log.lines).toMatchObject([{ fields: { where: "PIPIT_PROVISIONING_SECRET" } }]);
  });

  it("of a credential stays, without a word; of what lies behind it all is said or erased", () => {
    const credentials = [
      { name: "pipit.provision-secret", text: SECRET, mode: 0o100400, isOurs: true },
    ];
    const quiet = board("", { credentials, readSecret: () => null });
    expect(quiet.secret.spend()).toBe(false);
    expect(quiet.log.lines).toEqual([]);
    const { file, log, secret } = board(`[provisioning]\nsecret = "${SECRET}"`, { credentials });
    expect(secret.spend()).toBe(false);
    expect(isThere(file)).toBe(false);
    expect(log.lines.map(({ event }) => event)).toEqual([
      "provisioning secret erased, the device has its own credentials",
      "the provisioning secret is not needed any more",
    ]);
  });

  it("that was never there needs nothing", () => {
    const { log, secret } = board("", { readSecret: () => null });
    expect(secret.spend()).toBe(false);
    expect(log.lines).toEqual([]);
  });
});
