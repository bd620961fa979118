import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ERASED } from "../../agent/config/secret-sources.ts";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";
import { supervised } from "../support/supervised.ts";

/** The real agent, whose provisioning secret lies in a file of its own and not in the configuration. */

const SECRET = 'secret = "sandbox-secret"';

async function fleetBoard(provisioning = "") {
  const { server, until, count, config, state, args, text } = await site();
  mkdirSync(state, { mode: 0o700 });
  const file = join(state, "provision-secret");
  writeFileSync(file, "sandbox-secret\n", { mode: 0o600 });
  writeFileSync(config, text.replace(SECRET, provisioning), { mode: 0o600 });
  return { server, until, count, config, state, file, args };
}

const ended = async (agent: ReturnType<typeof supervised>) => {
  agent.process.child.kill("SIGTERM");
  expect(await agent.process.ended, agent.process.stderr()).toBe(0);
};

it("is erased after the first acknowledgement, and the next start needs none", async () => {
  const { file, args } = await fleetBoard();
  const first = supervised({ args });
  await first.process.seen(/provisioning secret erased/);
  await ended(first);
  expect(first.process.stderr()).toMatch(
    /provisioned name=board-1[\s\S]*provisioning secret erased/,
  );
  expect(readFileSync(file, "utf8")).toBe(ERASED);

  const again = supervised({ args });
  const { degradations } = await again.until(({ state }) => state === "online");
  expect(degradations.filter(({ name }) => ["config", "exposed", "secret"].includes(name))).toEqual(
    [],
  );
  await ended(again);
  expect(again.process.stderr()).not.toMatch(/secret/);
  const checked = pipit(["config", "check", ...args]);
  expect(await checked.ended).toBe(0);
  expect(checked.stdout()).toMatch(/0 errors, 0 warnings/);
});

it("stays with keep_secret", async () => {
  const { file, args } = await fleetBoard("keep_secret = true");
  const agent = supervised({ args });
  await agent.until(({ state }) => state === "online");
  await ended(agent);
  expect(readFileSync(file, "utf8")).toBe("sandbox-secret\n");
});

it("is said to be needed where a revoked device would provision anew, and taken once it is written again", async () => {
  const { server, file, args } = await fleetBoard('on_revoked = "reprovision"');
  const agent = supervised({ args });
  await agent.process.seen(/provisioning secret erased/);
  server.deleteDevice("board-1");
  const { degradations } = await agent.until(({ state }) => state === "revoked");
  expect(degradations).toContainEqual({
    name: "secret",
    code: "P026",
    text: "secret needed: no provisioning key and secret are configured",
    fix: expect.stringMatching(/secret_file.*systemctl reload pipit$/),
  });
  writeFileSync(file, "sandbox-secret\n");
  agent.process.child.kill("SIGHUP");
  await agent.until(({ state, degradations: now }) => state === "online" && now.length === 0);
  expect(agent.process.stderr().match(/provisioned name=board-1/g)).toHaveLength(2);
  expect(readFileSync(file, "utf8")).toBe(ERASED);
  await ended(agent);
});

it("and all else that is found open to others is closed at the start; what is the operator's stands in the status", async () => {
  const { state, file, config, args } = await fleetBoard();
  const first = supervised({ args });
  await first.process.seen(/provisioning secret erased/);
  await ended(first);
  const credentials = join(state, "credentials.json");
  for (const path of [credentials, file]) chmodSync(path, 0o644);
  chmodSync(join(state, "journal"), 0o755);
  chmodSync(config, 0o644);
  const open = supervised({ args });
  const { degradations } = await open.until(({ state: now }) => now === "online");
  await ended(open);
  for (const path of [credentials, file]) expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(state, "journal")).mode & 0o777).toBe(0o700);
  const log = open.process.stderr();
  expect(log).toMatch(/credentials\.json mode=644 .*access token may have been read/);
  expect(log).toMatch(/provision-secret mode=644/);
  expect(log).toMatch(/journal mode=755 .*DTLS session/);
  // The key is in it, and a secret, too.
  expect(log).toContain(
    `key can be read by every user of this machine; run: sudo chmod 640 ${config}`,
  );
  expect(degradations).toContainEqual({
    name: "exposed",
    code: "P055",
    text: `${config}: key can be read by every user of this machine`,
    fix: `sudo chmod 640 ${config}`,
  });
  const checked = pipit(["config", "check", ...args]);
  await checked.ended;
  expect(checked.stdout()).toContain(`sudo chmod 640 ${config}`);
});
