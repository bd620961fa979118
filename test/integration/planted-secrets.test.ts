import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import { freePort } from "../support/free-port.ts";
import { type PipitProcess, pipit } from "../support/pipit-process.ts";
import { type Evidence, evidence, formsOf, foundIn } from "../support/planted.ts";
import { site } from "../support/site.ts";
import { changeCredentials } from "../support/state-version.ts";
import { supervised } from "../support/supervised.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * Secrets that occur nowhere else are planted where real ones lie, the real program is driven through what may happen to it, and
 * all that it leaves behind is searched. The signs in them are written differently in JSON, in a URL, and in TOML.
 */
const planted = {
  key: 'pl4ntKEY"of%the/fleet&é',
  secret: 'pl4ntSECRET"of%the/fleet&é',
  token: 'pl4ntTOKEN"of%the&boardé',
};

/** Processes at a time. */
const TOGETHER = 4;

const LEVELS = ["debug", "info", "notice", "warning", "error"];

const preProvisioned = [
  {
    name: "p",
    key: planted.key,
    secret: planted.secret,
    strategy: "CHECK_PRE_PROVISIONED_DEVICES",
  },
] as const;

/** A board whose secrets are the planted ones, before it is a device; the server hands the planted token over. */
async function plantedSite(options: SandboxOptions = {}, lines = "") {
  const made = await site({ profiles: preProvisioned, ...options });
  made.server.preprovision("board-1", planted.token);
  const text = made.text
    .replace('"sandbox-key"', `'${planted.key}'`)
    .replace('"sandbox-secret"', `'${planted.secret}'\n${lines}`);
  writeFileSync(made.config, text, { mode: 0o600 });
  return { ...made, text, seen: evidence(planted) };
}

const said = (seen: Evidence, what: string, { stdout, stderr }: PipitProcess) => {
  seen.add(`stdout of ${what}`, stdout());
  seen.add(`stderr of ${what}`, stderr());
};

/** What an operator tries, each in its own words. */
const COMMANDS = [
  "config show",
  "config show --json",
  "config show provisioning",
  "config check --strict",
  "sample",
  "sample --json",
  "sensors scan",
  "status",
  "status --json",
];

/** Whatever comes of these commands is searched. */
async function ask(seen: Evidence, words: readonly string[], args: readonly string[], env = {}) {
  await Promise.all(
    words.map(async (line) => {
      const asked = pipit([...line.split(" "), ...args], { env });
      await asked.ended;
      said(seen, line, asked);
    }),
  );
}

/** Of a running agent: all that another user of the machine could look at, and all that it keeps but the credentials. */
function belongings(seen: Evidence, agent: ReturnType<typeof supervised>, state: string) {
  const { pid } = agent.process.child;
  for (const name of ["cmdline", "environ"])
    seen.add(`/proc/PID/${name}`, readFileSync(`/proc/${pid}/${name}`, "utf8"));
  seen.addFolder("runtime folder", agent.runtime);
  seen.addFolder("state folder", state, /^credentials\.json/);
  seen.add("sd_notify", agent.notified().join("\n"));
}

async function end(agent: ReturnType<typeof supervised>, seen: Evidence, what: string) {
  agent.process.child.kill("SIGTERM");
  await agent.process.ended;
  said(seen, what, agent.process);
}

const expectNothing = (seen: Evidence) => {
  expect(seen.size).toBeGreaterThan(100);
  expect(seen.leaks()).toEqual([]);
};

describe("the search", () => {
  it.each(Object.entries(planted))(
    "finds %s in every form, cut off or in the midst",
    (name, value) => {
      expect(foundIn(`[${value.slice(0, 12)}…`, planted)).toContain(name);
      for (const form of formsOf(value)) expect(foundIn(`"${form}"`, planted)).toContain(name);
      for (const before of ["", "a", "ab", "abc"]) {
        const whole = Buffer.from(`${before}${value}and more`);
        for (const text of [
          whole.toString("base64"),
          whole.toString("base64url"),
          whole.toString("hex"),
        ])
          expect(foundIn(text, planted), text).toContain(name);
        expect(foundIn(whole.toString("hex").toUpperCase(), planted)).toContain(name);
      }
    },
  );

  it("finds nothing where nothing is", () => {
    expect(foundIn("the provisioning secret, its key, a token: (set)", planted)).toEqual([]);
  });
});

describe.each(LEVELS)("at log level %s", (level) => {
  it("provisioning, delivering, a reload, and every command keep them", async () => {
    const secure = { secure: { names: ["localhost"] } };
    const { seen, state, args } = await plantedSite(secure, "keep_secret = true");
    const env = { PIPIT_LOG_LEVEL: level, JOURNAL_STREAM: "1:2" };
    const agent = supervised({ args, env });
    await agent.until((status) => status.state === "online");
    const beside = { PIPIT_LOG_LEVEL: level, RUNTIME_DIRECTORY: agent.runtime };
    await ask(seen, level === "debug" ? COMMANDS : ["sample", "status"], args, beside);
    agent.process.child.kill("SIGHUP");
    await agent.until(() => agent.notified().filter((line) => line === "READY=1").length === 2);
    const session = sessionOf(state);
    belongings(seen, agent, state);
    await end(agent, seen, "run");
    await ask(seen, ["provision"], args, env);
    expect(readFileSync(join(state, "credentials.json"), "utf8")).toContain(
      JSON.stringify(planted.token),
    );
    expectNothing(seen);
    // The session is in the journal, and nowhere else.
    const shown = evidence(session);
    said(shown, "run", agent.process);
    shown.addFolder("runtime folder", agent.runtime);
    shown.addFolder("state folder", state, /\.seg$/);
    expectNothing(shown);
    for (const path of filesBelow(state)) expect(statSync(path).mode & 0o077, path).toBe(0);
  });

  it("refusals, a revoked token and a server that is away keep them", async () => {
    const env = { PIPIT_LOG_LEVEL: level };
    const refusing = await plantedSite({
      profiles: [{ ...preProvisioned[0], secret: "another" }],
    });
    const refused = supervised({ args: refusing.args, env });
    await refused.until(({ degradations }) => degradations.some(({ code }) => code === "P022"));
    belongings(refusing.seen, refused, refusing.state);
    await end(refused, refusing.seen, "run, refused");
    const once = pipit(["provision", ...refusing.args], { env });
    expect(await once.ended).toBe(1);
    said(refusing.seen, "provision, refused", once);
    expectNothing(refusing.seen);

    const { server, seen, args, state, config, text } = await plantedSite();
    const agent = supervised({ args, env });
    await agent.until((status) => status.state === "online");
    server.revoke("board-1");
    await agent.until(({ cause }) => cause === "4.01");
    belongings(seen, agent, state);
    await end(agent, seen, "run, 4.01");
    writeFileSync(config, text.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${await freePort()}`));
    const away = supervised({ args, env });
    await away.until(({ cause }) => cause !== null);
    belongings(seen, away, state);
    await end(away, seen, "run, unreachable");
    await ask(seen, ["provision"], args, env);
    expectNothing(seen);
  });
});

/** Damages that leave most of the token where it was. */
const damages: Readonly<Record<string, (path: string, text: string) => void>> = {
  "torn in the middle": (path, text) =>
    writeFileSync(path, text.slice(0, text.indexOf("pl4nt") + 14)),
  "no JSON from the token on": (path, text) =>
    writeFileSync(path, text.replace('"pl4nt', '"}pl4nt')),
  "of another checksum": (path, text) => writeFileSync(path, text.replace("board-1", "board-2")),
  "of a newer version": (path) => changeCredentials(path, 8),
  "not valid UTF-8": (path, text) => writeFileSync(path, text, "latin1"),
};

it.each(Object.entries(damages))("credentials that are %s keep the token", async (_, damage) => {
  const { seen, state, args } = await plantedSite({}, "keep_secret = true");
  const env = { PIPIT_LOG_LEVEL: "debug" };
  expect(await pipit(["provision", ...args], { env }).ended).toBe(0);
  for (const name of ["credentials.json", "credentials.json.bak"]) {
    const path = join(state, name);
    const text = readFileSync(path, "utf8");
    expect(text).toContain(JSON.stringify(planted.token));
    damage(path, text);
  }
  await ask(seen, ["provision"], args, env);
  const agent = supervised({ args, env });
  const error = await agent.until(({ state: now }) => now !== "starting").catch(String);
  seen.add("why it has ended", JSON.stringify(error));
  await end(agent, seen, "run");
  seen.addFolder("state folder", state, /^credentials\.json/);
  expectNothing(seen);
  const kept = readdirSync(state).filter((name) => name.startsWith("credentials.json"));
  for (const name of kept) expect(statSync(join(state, name)).mode & 0o077, name).toBe(0);
});

const toml = (value: string) => JSON.stringify(value);

it.each([
  ["no closing quote", `secret = "${planted.secret.replaceAll('"', "")}`],
  ["no quotes", `secret = ${planted.secret}`],
  ["a quote in the midst", `secret = "${planted.secret}"`],
  ["no equals sign", `secret ${toml(planted.secret)}`],
  ["something behind it", `secret = ${toml(planted.secret)} # and more "\nkey = x`],
  ["a bad escape", `secret = "\\q${planted.secret.replaceAll('"', "")}"`],
  ["another type", `secret = [${toml(planted.secret)}]`],
  ["a misspelt name", `sercet = ${toml(planted.secret)}`],
  ["twice", `secret = ${toml(planted.secret)}\nsecret = ${toml(planted.secret)}`],
  ["as a section", `[${toml(planted.secret)}]`],
  ["as a name", `${toml(planted.secret)} = 1`],
  ["a token where none belongs", `access_token = ${toml(planted.token)}`],
  ["a long string that never ends", `secret = """\n${planted.secret}\n`],
])("a configuration with %s on the line of the secret keeps it", async (_, line) => {
  const { seen, config, state, args, text } = await plantedSite();
  writeFileSync(config, text.replace(/^secret = .*$/m, line), { mode: 0o604 });
  const env = { PIPIT_LOG_LEVEL: "debug" };
  // All of them read it in the same way: two that tell of it differently, and once every one.
  const few = ["config check", "provision"];
  await ask(seen, line.startsWith("[") ? [...COMMANDS, ...few] : few, args, env);
  mkdirSync(state, { recursive: true });
  const agent = supervised({ args, env });
  const status = await agent.until(({ degradations }) => degradations.length > 0).catch(String);
  seen.add("status", JSON.stringify(status));
  if (typeof status !== "string") belongings(seen, agent, state);
  await end(agent, seen, "run");
  expectNothing(seen);
});

const wrongUsage = [
  ["provision", `--secret=${planted.secret}`],
  ["provision", "--secret", planted.secret],
  ["provision", "--token", planted.token],
  ["provision", `--token-stdin=${planted.token}`],
  ["provision", planted.token],
  ["provision", `-t${planted.token}`],
  ["provision", "--name", `{serial${planted.secret}}`, "--bogus"],
  ["run", planted.secret],
  ["run", `it's '${planted.secret}' indeed`],
  ["run", `--key=${planted.key}`],
  ["status", planted.token],
  ["status", `--json=${planted.token}`],
  ["config", "show", planted.secret],
  ["config", "show", "provisioning.secret", planted.secret],
  ["config", planted.secret],
  ["setup", planted.secret],
  [planted.token],
  [planted.token, "--help"],
  ["publish", planted.token],
  ["sensors", planted.token],
  ["sandbox", `--strategy=${planted.secret}`],
  ["sandbox", "--port", planted.secret],
];

it("wrong usage keeps what was typed", async () => {
  const seen = evidence(planted);
  for (let at = 0; at < wrongUsage.length; at += TOGETHER)
    await Promise.all(
      wrongUsage.slice(at, at + TOGETHER).map(async (words) => {
        const asked = pipit(words);
        expect(await asked.ended, words.join(" ")).not.toBe(0);
        expect(asked.stderr(), words.join(" ")).toMatch(/^pipit: ./);
        said(seen, words.join(" "), asked);
      }),
    );
  expectNothing(seen);
});

it("what standard input brings is kept, taken over or not", async () => {
  const { seen, args } = await plantedSite();
  for (const input of [`${planted.token}\n`, `${planted.token} ${planted.secret}\n`]) {
    const env = { PIPIT_LOG_LEVEL: "debug" };
    const asked = pipit(["provision", "--token-stdin", ...args], { input, env });
    await asked.ended;
    said(seen, "provision --token-stdin", asked);
  }
  expectNothing(seen);
});

it.each([
  ["an error that nobody catches", "throw error;"],
  ["a promise that nobody awaits", "void Promise.reject(error);"],
  ["an error behind another", 'throw new Error("outer", { cause: error });'],
  ["something that is no error", "throw error.message;"],
])("a crash by %s keeps them, and says what it was", async (_, crash) => {
  const { seen, args, state } = await plantedSite({}, "keep_secret = true");
  const hook = join(temporaryFolder(), "crash.mjs");
  const message = `crashed with ${Object.values(planted).join(" and ")}`;
  writeFileSync(
    hook,
    `process.on("SIGUSR2", () => { const error = new TypeError(${JSON.stringify(message)}); ${crash} });`,
  );
  const agent = supervised({ args, env: { PIPIT_LOG_LEVEL: "debug" }, imports: [hook] });
  await agent.until((status) => status.state === "online");
  agent.process.child.kill("SIGUSR2");
  expect(await agent.process.ended).toBe(70);
  said(seen, "run", agent.process);
  expect(agent.process.stderr()).toMatch(/a bug: .*(crashed with \(secret\)|outer)/);
  seen.addFolder("state folder", state, /^credentials\.json/);
  expectNothing(seen);
});

/** From the midst of what OpenSSL has written of it, where the key is; the journal keeps it as a note. */
function sessionOf(state: string) {
  const journal = filesBelow(join(state, "journal")).map((path) => readFileSync(path, "latin1"));
  const [, line = ""] =
    /SESSION PARAMETERS-----(?:\\n|\n)([A-Za-z0-9+/]{64})/.exec(journal.join("")) ?? [];
  if (line === "") expect.fail("no session is noted");
  return {
    "the session": line.slice(20, 60),
    "the session in hex": Buffer.from(line, "base64").subarray(15, 45).toString("hex"),
  };
}

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

it("the key that a board has made is in credentials.json, and nowhere else", async () => {
  const made = await site({ secure: { names: ["localhost"] } }, '[log]\nlevel = "debug"\n');
  const text = made.text.replace("[provisioning]", '[provisioning]\ncredentials_type = "x509"');
  writeFileSync(made.config, text, { mode: 0o600 });
  const agent = supervised({ args: made.args });
  await made.until(() => made.count("telemetry") >= 3);
  const { active } = JSON.parse(readFileSync(join(made.state, "credentials.json"), "utf8"));
  // What is in the middle of the PEM, and of the DER in it.
  const [, ...lines] = String(active.key).split("\n");
  const der = Buffer.from(lines.slice(0, 3).join(""), "base64");
  const [first = "", second = ""] = lines;
  const seen = evidence({ first, second, hex: der.subarray(40, 60).toString("hex") });
  seen.add("credentials", active.key);
  expect(seen.leaks()).toEqual(["credentials: first", "credentials: second"]);
  const elsewhere = evidence({ first, second, hex: der.subarray(40, 60).toString("hex") });
  await ask(elsewhere, COMMANDS, made.args, { RUNTIME_DIRECTORY: agent.runtime });
  belongings(elsewhere, agent, made.state);
  await end(agent, elsewhere, "run");
  await ask(elsewhere, ["provision", "provision --json"], made.args);
  expectNothing(elsewhere);
});
