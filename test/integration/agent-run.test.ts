import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { SandboxOptions } from "../../agent/sandbox/sandbox.ts";
import { makeCertificates } from "../support/certificates.ts";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";
import { smallDisk } from "../support/small-disk.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it.each([
  ["coap", {}],
  ["coaps", { secure: { names: ["localhost"] } }],
] as const)(
  "%s: run provisions once, keeps its credentials to itself, publishes every interval, and stops on SIGTERM",
  async (scheme, options) => {
    const { server, until, count, state, args } = await site(options);
    const first = pipit(["run", ...args]);
    await until(() => count("telemetry") >= 3);
    expect(count("provision")).toBe(1);
    const file = join(state, "credentials.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8")).active.deviceName).toBe("board-1");
    const { keys } = server.state().devices["board-1"]?.telemetry ?? expect.fail("no device");
    expect(Object.keys(keys)).toEqual(
      expect.arrayContaining([
        "cpuUsage",
        "load1",
        "memoryUsage",
        "diskUsage",
        "uptime",
        "networkRxBps",
      ]),
    );
    expect(keys["uptime"]?.latest.type).toBe("LONG");
    expect(keys["memoryUsage"]?.latest.type).toBe("DOUBLE");
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);

    const runtime = temporaryFolder();
    const env = { RUNTIME_DIRECTORY: runtime, PIPIT_LOG_LEVEL: "debug" };
    const again = pipit(["run", ...args], { env });
    await until(() => count("telemetry") >= 5);
    const ofProcess = (name: string) => readFileSync(`/proc/${again.child.pid}/${name}`, "latin1");
    const shown = [ofProcess("cmdline"), ofProcess("environ")];
    shown.push(readFileSync(join(runtime, "status.json"), "utf8"));
    expect(count("provision")).toBe(1);
    expect(Object.keys(server.state().devices)).toEqual(["board-1"]);
    again.child.kill("SIGINT");
    expect(await again.ended).toBe(0);
    const said = [first, again].map(({ stdout, stderr }) => stdout() + stderr());
    const token = JSON.parse(readFileSync(file, "utf8")).active.accessToken;
    for (const text of [...said, ...shown]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain("sandbox-secret");
      expect(text).not.toContain("sandbox-key");
    }
    expect(said[1]).toMatch(/delivered/);
    if (scheme === "coaps") expect(said[1]).toMatch(/DTLS session .*resumed=true/);
  },
);

it("provision becomes a device without a service, and says so the second time without asking", async () => {
  const { count, args } = await site();
  const first = pipit(["provision", ...args]);
  expect(await first.ended).toBe(0);
  expect(first.stdout()).toBe('provisioned as "board-1"; token stored and verified\n');
  const second = pipit(["provision", ...args]);
  expect(await second.ended).toBe(0);
  expect(second.stdout()).toMatch(/^already provisioned as "board-1"; token verified \d+ ms\n$/);
  expect(count("provision")).toBe(1);
  const json = pipit(["provision", "--json", ...args]);
  expect(await json.ended).toBe(0);
  expect(JSON.parse(json.stdout())).toMatchObject({
    status: "already provisioned",
    deviceName: "board-1",
  });
});

it.each<[string, SandboxOptions, string, RegExp, number]>([
  [
    "a wrong secret",
    {
      profiles: [
        { name: "p", key: "sandbox-key", secret: "another", strategy: "ALLOW_CREATE_NEW_DEVICES" },
      ],
    },
    "P022",
    /"Provision data was not found!"[\s\S]*Device profiles > the profile > Device provisioning/,
    1,
  ],
  [
    "a device that was never pre-provisioned",
    {
      profiles: [
        {
          name: "p",
          key: "sandbox-key",
          secret: "sandbox-secret",
          strategy: "CHECK_PRE_PROVISIONED_DEVICES",
        },
      ],
    },
    "P021",
    /the name "board-1" is already provisioned: "Failed to provision device!"[\s\S]*provisionState/,
    1,
  ],
  [
    "provisioning that is switched off",
    {
      profiles: [{ name: "p", key: "sandbox-key", secret: "sandbox-secret", strategy: "DISABLED" }],
    },
    "P022",
    /"Provision data was not found!"/,
    1,
  ],
])("provision tells the operator the way out of %s", async (_, options, code, words, exitCode) => {
  const { args } = await site(options);
  const refused = pipit(["provision", ...args]);
  expect(await refused.ended).toBe(exitCode);
  expect(refused.stderr()).toContain(code);
  expect(refused.stderr()).toMatch(words);
  expect(refused.stdout()).toBe("");
});

it("takes over the token of a pre-provisioned device", async () => {
  const { server, state, args } = await site({
    profiles: [
      {
        name: "p",
        key: "sandbox-key",
        secret: "sandbox-secret",
        strategy: "CHECK_PRE_PROVISIONED_DEVICES",
      },
    ],
  });
  server.preprovision("board-1", "token-made-by-the-operator");
  expect(await pipit(["provision", ...args]).ended).toBe(0);
  const stored = JSON.parse(readFileSync(join(state, "credentials.json"), "utf8"));
  expect(stored).toMatchObject({
    claim: null,
    active: { accessToken: "token-made-by-the-operator" },
  });
});

it("takes a token from standard input only when the server knows it; the old one stays until then", async () => {
  const { server, state, args } = await site();
  expect(await pipit(["provision", ...args]).ended).toBe(0);
  const active = () =>
    JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")).active.accessToken;
  const before = active();
  const wrong = pipit(["provision", "--reset", "--token-stdin", ...args], {
    input: "wrongtoken\n",
  });
  expect(await wrong.ended).toBe(1);
  expect(active()).toBe(before);
  const taken = pipit(["provision", "--reset", ...args]);
  expect(await taken.ended).toBe(1); // the operator has not deleted the device yet
  expect(taken.stderr()).toContain("P021");
  expect(active()).toBe(before);
  const ready = server.preprovision("another", "ready-made-token");
  const right = pipit(["provision", "--token-stdin", ...args], { input: `${ready}\n` });
  expect(await right.ended).toBe(0);
  expect(right.stdout()).toMatch(/^access token taken over; stored and verified \d+ ms\n$/);
  expect(active()).toBe("ready-made-token");
  const none = pipit(["provision", "--token-stdin", ...args], { input: "two words\n" });
  expect(await none.ended).toBe(64);
});

it("keeps what a server says from running the terminal, and its echo of the secret from the screen", async () => {
  const { args } = await site({
    profiles: [
      { name: "p", key: "sandbox-key", secret: "another", strategy: "ALLOW_CREATE_NEW_DEVICES" },
    ],
  });
  const refused = pipit(["provision", ...args]);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr()).not.toContain("sandbox-secret");
});

it("goes on delivering from a state folder that has become read-only, and says so", async (test) => {
  const { until, count, config } = await site();
  const disk = smallDisk(test, "size=1m");
  const args = ["--config", config, "--state", disk.folder];
  expect(await pipit(["provision", ...args]).ended).toBe(0);
  expect(disk.makeReadOnly()).toBe(true);
  const agent = pipit(["run", ...args]);
  await until(() => count("telemetry") >= 2);
  expect(agent.stderr()).toMatch(/going on without a lock error=EROFS/);
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
});

it("a server that is not there: provision ends with 69, and a later run needs no other help", async () => {
  const { server, args, count } = await site();
  server.setFaults({ outage: true });
  const silent = pipit(["provision", ...args]);
  expect(await silent.ended).toBe(69);
  server.setFaults({ outage: false });
  expect(await pipit(["provision", ...args]).ended).toBe(0);
  expect(count("provision")).toBe(1);
});

it("two agents on one state folder: the second ends with 75 and names the first", async () => {
  const { until, count, args } = await site();
  const first = pipit(["run", ...args]);
  await until(() => count("telemetry") >= 1);
  const second = pipit(["provision", ...args]);
  expect(await second.ended).toBe(75);
  expect(second.stderr()).toContain(`pid ${first.child.pid}`);
});

it("a reload takes the new settings up and loses nothing; a bad edit keeps the old ones running", async () => {
  const { until, count, config, args, text } = await site();
  const agent = pipit(["run", ...args]);
  await until(() => count("telemetry") >= 2);
  writeFileSync(config, `${text}\n[log]\nlevel = "debug"\n`);
  agent.child.kill("SIGHUP");
  await agent.seen(/started[^\n]*\n[\s\S]*started/);
  const before = count("telemetry");
  await until(() => count("telemetry") >= before + 2);
  writeFileSync(config, "[server\nurl=");
  agent.child.kill("SIGHUP");
  await agent.seen(/pipit\.toml:1/);
  const after = count("telemetry");
  await until(() => count("telemetry") >= after + 2);
  expect(count("provision")).toBe(1);
});

it("without a server URL run ends with 78 and says what to write", async () => {
  const folder = temporaryFolder();
  const config = join(folder, "pipit.toml");
  writeFileSync(config, '[telemetry]\ninterval = "1s"\n');
  const agent = pipit(["run", "--config", config, "--state", join(folder, "state")]);
  expect(await agent.ended).toBe(78);
  expect(agent.stderr()).toMatch(/no server URL[\s\S]*url = "coap:\/\//);
});

it("coaps: an agent that does not believe its server sends it nothing, measures on, says why, and delivers once it may", async () => {
  const { server, events, until, state, args, text } = await site({
    secure: { names: ["localhost"] },
  });
  const other = makeCertificates().authority.certificate;
  const caFile = /ca_file = "(.*)"/.exec(text)?.[1] ?? expect.fail("no ca_file");
  writeFileSync(caFile, other);
  const runtime = temporaryFolder();
  const agent = pipit(["run", ...args], { env: { RUNTIME_DIRECTORY: runtime } });
  await agent.seen(/is not believed: its certificate comes from an authority that is not trusted/);
  expect(events).toEqual([]);
  const status = pipit(["status", "--runtime", runtime]);
  expect(await status.ended).toBe(1);
  expect(status.stdout()).toMatch(/P060/);
  expect(status.stdout()).toMatch(/ca_file in \[server\]/);

  // The file is mended, and nobody restarts or reloads anything.
  writeFileSync(caFile, server.authority ?? "");
  await until(() => events.some(({ path, code }) => path === "telemetry" && code === "2.01"));
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  const said = agent.stdout() + agent.stderr();
  const file = join(state, "credentials.json");
  const token = JSON.parse(readFileSync(file, "utf8")).active.accessToken;
  for (const secret of [token, "sandbox-secret", "sandbox-key"]) expect(said).not.toContain(secret);
});
