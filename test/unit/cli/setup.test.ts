import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { answersFrom } from "../../../agent/cli/setup-answers.ts";
import { setupToml } from "../../../agent/cli/setup-toml.ts";
import { parseFile } from "../../support/config-input.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const nothing = parseFile("");
const nobody = null;

it("takes what it is given, and the secret from a file", async () => {
  const file = join(temporaryFolder(), "secret");
  writeFileSync(file, "the-secret\n");
  const authority = "/etc/passwd"; // any file that is there
  const options = { server: "coaps://tb", key: "k", "secret-file": file, "ca-file": authority };
  expect(await answersFrom(options, nothing, nobody)).toEqual({
    url: "coaps://tb",
    key: "k",
    secret: "the-secret",
    caFile: authority,
  });
});

it("asks a person for what is missing, hides the secret, and asks for nothing that is there", async () => {
  const asked: [string, boolean][] = [];
  const ask = async (question: string, isHidden: boolean) => {
    asked.push([question, isHidden]);
    return `typed ${asked.length}`;
  };
  const answers = await answersFrom({ server: "coap://tb" }, nothing, ask);
  expect(asked).toEqual([
    ["Provision device key", false],
    ["Provisioning secret", true],
  ]);
  expect(answers).toMatchObject({ key: "typed 1", secret: "typed 2" });
  asked.length = 0;
  const whole = parseFile(`[server]\nurl = "coap://tb"\n[provisioning]\nkey = "k"\nsecret = "s"`);
  expect(await answersFrom({}, whole, ask)).toMatchObject({ url: "coap://tb", secret: null });
  expect(asked).toEqual([]);
});

it("keeps what an earlier file says, because its own is replaced, and copies nothing that systemd hands over", async () => {
  const before = parseFile(
    `[server]\nurl = "coaps://old"\nca_file = "/etc/ca.pem"\n[provisioning]\nkey = "k"`,
  );
  const kept = { key: "k", secret: null };
  const same = await answersFrom({ server: "coaps://old" }, before, nobody);
  expect(same).toEqual({ ...kept, url: "coaps://old", caFile: "/etc/ca.pem" });
  // Another server is vouched for by another authority.
  const moved = await answersFrom({ server: "coaps://new" }, before, nobody);
  expect(moved).toEqual({ ...kept, url: "coaps://new", caFile: null });
});

it.each<[Record<string, string | boolean>, RegExp]>([
  [{}, /--server/],
  [{ server: "http://tb" }, /--server http:\/\/tb: not a server URL; write it like/],
  [{ server: "coap://tb", key: " " }, /--key is empty/],
  [{ server: "coap://tb", secret: "a", "secret-file": "/x" }, /one of --secret-file/],
  [{ server: "coaps://tb", "ca-file": "/nowhere/ca.pem" }, /there is no such file/],
  [{ server: "coap://tb", "secret-file": "/nowhere/secret" }, /\/nowhere\/secret: ENOENT/],
])("refuses %j with the way out", async (options, message) => {
  await expect(answersFrom(options, nothing, nobody)).rejects.toThrow(message);
});

it("refuses a secret of several lines", async () => {
  const file = join(temporaryFolder(), "secret");
  writeFileSync(file, "one\ntwo\n");
  const options = { server: "coap://tb", "secret-file": file };
  await expect(answersFrom(options, nothing, nobody)).rejects.toThrow(/on one line/);
});

it("writes what reads back as it was, whatever is in it, and never the secret", () => {
  const answers = {
    url: "coaps://tb",
    caFile: '/etc/a "b"\\c.pem',
    key: 'k"\\é',
    secret: "s3cret",
  };
  const text = setupToml(answers);
  const { config, problems } = parseFile(text);
  expect(problems).toEqual([]);
  expect(config.server).toMatchObject({ url: answers.url, ca_file: answers.caFile });
  expect(config.provisioning.key).toBe(answers.key);
  expect(text).not.toContain(answers.secret);
});
