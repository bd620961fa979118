import { describe, expect, it } from "vitest";
import { lastGoodToml } from "../../../agent/config/last-good.ts";
import { parseConfig } from "../../../agent/config/parse-config.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { ERASED, type SecretFile } from "../../../agent/config/secret-sources.ts";
import { configFile, knownNames, parseFile } from "../../support/config-input.ts";

const toml = '[provisioning]\nkey = "toml-key"\nsecret = "toml-secret"\nsecret_file = "/s"';
const secretFile = (text: string, mode = 0o100600, isOurs = false): SecretFile => ({
  name: "/s",
  text,
  mode,
  isOurs,
});
const credentials: readonly SecretFile[] = [
  { name: "pipit.provision-key", text: "credential-key\n", mode: 0o100400, isOurs: true },
  { name: "pipit.provision-secret", text: "credential-secret\n", mode: 0o100400, isOurs: true },
];

describe("the provisioning secret", () => {
  it("comes from the credential, else from secret_file, else from the environment, else from the file", () => {
    const environment = { PIPIT_PROVISIONING_SECRET: "env-secret" };
    const readSecret = (path: string | null) =>
      path === null ? null : secretFile("  file-secret\n");
    const secretWith = (input: Parameters<typeof parseFile>[1], text = toml) =>
      parseFile(text, input).config.provisioning.secret;
    expect(secretWith({ environment, readSecret, credentials })).toBe("credential-secret");
    expect(secretWith({ environment, readSecret })).toBe("file-secret");
    const withoutFile = toml.replace(/secret_file.*/, "");
    expect(secretWith({ environment, readSecret }, withoutFile)).toBe("env-secret");
    expect(secretWith({ readSecret }, withoutFile)).toBe("toml-secret");
  });

  it("keeps where it came from, and what that overrides", () => {
    const { origins } = parseFile(toml, { readSecret: () => secretFile("x"), credentials });
    expect(origins.get("provisioning.secret")).toMatchObject({
      origin: { kind: "credential", name: "pipit.provision-secret" },
      overrides: [
        { origin: { kind: "secret file", name: "/s" } },
        { origin: { kind: "file", line: 3 } },
      ],
    });
    expect(origins.get("provisioning.key")?.origin.name).toBe("pipit.provision-key");
  });

  it.each([
    [
      "cannot be read (EIO); check the path and the file system",
      { name: "/s", failure: "cannot be read (EIO); check the path and the file system" },
    ],
    ["is empty; write the secret into it, or remove it", secretFile(" \n")],
  ])("falls back with an error when secret_file %s", (message, file) => {
    const { config, problems } = parseFile(toml, { readSecret: () => file });
    expect(config.provisioning.secret).toBe("toml-secret");
    expect(problems).toMatchObject([{ severity: "error", source: "/s", message }]);
  });

  it("that is absent is a warning: a device that has credentials can do without", () => {
    const failure = "does not exist; create it, or correct secret_file";
    const readSecret = () => ({ name: "/s", failure, isAbsent: true }) as const;
    const { config, problems } = parseFile('provisioning.secret_file = "/s"', { readSecret });
    expect(config.provisioning.secret).toBeNull();
    expect(problems).toMatchObject([{ severity: "warning", source: "/s", message: failure }]);
  });

  it("that was erased after use is missed by nobody, not even where a power cut has left the note short", () => {
    for (const text of [ERASED, ERASED.slice(0, 9), `${ERASED}\n\n\n`]) {
      const { config, problems } = parseFile('provisioning.secret_file = "/s"', {
        readSecret: () => secretFile(text),
      });
      expect(config.provisioning.secret).toBeNull();
      expect(problems).toEqual([]);
    }
    const another = () => secretFile("# of their own");
    const { config } = parseFile('provisioning.secret_file = "/s"', { readSecret: another });
    expect(config.provisioning.secret).toBe("# of their own");
  });

  it("is looked for in the state folder where no secret_file is named", () => {
    const asked: (string | null)[] = [];
    const readSecret = (path: string | null) => {
      asked.push(path);
      return secretFile("of the state folder");
    };
    const { config } = parseFile('[provisioning]\nsecret = "toml-secret"', { readSecret });
    expect(config.provisioning.secret).toBe("of the state folder");
    expect(asked).toEqual([null]);
  });

  it("is not looked for where secret_file is no path", () => {
    const { problems } = parseFile('provisioning.secret_file = "s"', {
      readSecret: () => {
        throw new Error("not to be read");
      },
    });
    expect(problems).toMatchObject([
      { message: 'secret_file = "s": not an absolute path; begin it with /' },
    ]);
  });

  it("that every user can read is a warning with the command that helps", () => {
    const open = { files: [configFile(toml, "/etc/pipit/pipit.toml", 0o100644)] };
    const readSecret = () => secretFile("x", 0o100604);
    const { problems } = parseConfig({ ...open, readSecret }, knownNames);
    expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      "warning: key can be read by every user of this machine; run: sudo chmod 640 /etc/pipit/pipit.toml",
      "warning: can be read by every user of this machine; run: sudo chown pipit: /s && sudo chmod 600 /s",
    ]);
    expect(problems.every(({ exposesSecret }) => exposesSecret)).toBe(true);
  });

  it("that its group can read is a warning, too, unless the file is of the user who repairs it", () => {
    const problemsOf = (file: SecretFile) =>
      parseFile('provisioning.secret_file = "/s"', { readSecret: () => file }).problems;
    expect(problemsOf(secretFile("x", 0o100640)).map(({ message }) => message)).toEqual([
      "can be read by all members of its group; run: sudo chown pipit: /s && sudo chmod 600 /s",
    ]);
    expect(problemsOf(secretFile("x", 0o100644, true))).toEqual([]);
  });

  it("that is absent makes an open file harmless", () => {
    const open = configFile('[server]\nurl = "coap://x"\nprovisioning.key = ""', "/p", 0o100644);
    expect(parseConfig({ files: [open] }, knownNames).problems).toMatchObject([
      { message: expect.stringContaining("provisioning") },
    ]);
    const plain = configFile(
      '[server]\nurl = "coap://x"\n[provisioning]\nkey = ""',
      "/p",
      0o100644,
    );
    expect(parseConfig({ files: [plain] }, knownNames).problems).toEqual([]);
  });

  it("is not in last-good.toml, which reads back as everything else", () => {
    const { config } = parseFile(
      `${toml}\n[telemetry]\nphase = "3s"\n[system]\nmetrics = []\n[server]\nurl = "coap://[::1]:7000"`,
      {
        readSecret: () => secretFile("file-secret"),
      },
    );
    const text = lastGoodToml(config);
    expect(text).not.toMatch(/toml-key|secret"|file-secret/);
    const provisioning = { ...config.provisioning, key: null, secret: null };
    const again = parseFile(text);
    expect(again.config).toEqual({ ...config, provisioning });
    expect(again.problems.map(({ message }) => message)).toEqual(["cannot be read here"]);
  });
});

describe("no printed text holds a secret", () => {
  const KEY = "qv8KEYzeroone";
  const SECRET = "hx7SECRETtwothree";

  it.each([
    ["a wrong type", `[provisioning]\nsecret = ["${SECRET}"]\nkey = { a = "${KEY}" }`],
    ["a misspelt name", `[provisioning]\nsercet = "${SECRET}"\nkye = "${KEY}"\nfoo = "${SECRET}"`],
    ["a misspelt section", `[provisoning]\nsecret = "${SECRET}"\nfoo = "${KEY}"`],
    ["a wrong section", `[server]\nsecret = "${SECRET}"\nprovision_key = "${KEY}"`],
    ["no section", `secret = "${SECRET}"\nkey = "${KEY}"\ntoken = "${KEY}"`],
    [
      "an inline table",
      `provisioning = { key = "${KEY}", secret = "${SECRET}", x = 1, device_name = 5 }`,
    ],
    ["a section that is a value", `provisioning = "${SECRET}"`],
    ["a section that is a list", `[[provisioning]]\nsecret = "${SECRET}"`],
    ["an unfinished string", `[provisioning]\nsecret = "${SECRET}\nkey = "${KEY}"`],
    ["an unfinished long string", `[provisioning]\nsecret = """\n${SECRET}\n`],
    [
      "a long string that swallows the rest",
      `[log]\nlevel = """info"\n[provisioning]\nsecret = """${SECRET}"""x`,
    ],
    ["no quotes", `[provisioning]\nsecret = ${SECRET}`],
    ["no equals sign", `[provisioning]\nsecret "${SECRET}"`],
    ["no name", `[provisioning]\n"${SECRET}"`],
    ["no line end before it", `[provisioning]\ndevice_name = "auto" secret = "${SECRET}"`],
    ["a section in its place", `["${SECRET}"]\nx = 1\n[${SECRET}.${KEY}]`],
    [
      "a name in its place",
      `[provisioning]\n"${SECRET}" = 1\n${KEY} = 2\n[[sensors]]\n${SECRET} = 3`,
    ],
    ["its header on the same line", `[provisioning] secret = "${SECRET}"`],
    ["twice", `[provisioning]\nsecret = "${SECRET}"\nsecret = "${SECRET}"`],
    [
      "a comment beside a wrong value",
      `[log]\nlevel = "x" # ${SECRET}\n[provisioning]\nsecret = "${SECRET}"`,
    ],
    [
      "its value in another setting",
      `[log]\nlevel = "${SECRET}"\n[provisioning]\nsecret = "${SECRET}"`,
    ],
    ["a control character in it", `[provisioning]\nsecret = "${SECRET}\\u0007"`],
    ["too long", `[provisioning]\nsecret = "${SECRET.repeat(100)}"`],
  ])("with %s", (_, text) => {
    const { problems } = parseConfig(
      { files: [configFile(text, "/p.toml", 0o100644)], environment: { PIPIT_LOG_LEVEL: "trace" } },
      knownNames,
    );
    expect(problems.length).toBeGreaterThan(1);
    for (const problem of problems) {
      const shown = formatProblem(problem);
      expect(shown).not.toContain(SECRET.slice(0, 10));
      expect(shown).not.toContain(KEY.slice(0, 10));
    }
  });
});
