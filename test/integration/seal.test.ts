import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { pipit } from "../support/pipit-process.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { site } from "../support/site.ts";
import { makeStateFolder } from "../support/state-folder.ts";
import { supervised } from "../support/supervised.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Cards that are copied, and real agents on the boards that they go into; `--sysroot` is the board. */

const SECRET = "sandbox-secret";

/** The card of a board that is a device and has delivered; its secret lies in the state folder. */
async function usedCard(provisioning = "keep_secret = true") {
  const { events, config, state, text } = await site();
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(state, "provision-secret"), `${SECRET}\n`, { mode: 0o600 });
  const toml = text
    .replace(`secret = "${SECRET}"`, provisioning)
    .replace('"board-1"', '"board-{serial8}"');
  writeFileSync(config, toml, { mode: 0o600 });

  /** A board with this serial number, running from this card until `done`. */
  const run = async (card: string, serial: string, done: RegExp | "online") => {
    const sysroot = temporaryFolder();
    mkdirSync(join(sysroot, "proc/device-tree"), { recursive: true });
    writeFileSync(join(sysroot, "proc/device-tree/serial-number"), `10000000${serial}\0`);
    writeFileSync(join(sysroot, "proc/uptime"), "100.00 100.00\n");
    const agent = supervised({ args: ["--config", config, "--state", card, "--sysroot", sysroot] });
    const status =
      done === "online"
        ? await agent.until(({ state: now }) => now === "online")
        : await agent.until(({ degradations }) => degradations.some(({ code }) => done.test(code)));
    agent.process.child.kill("SIGTERM");
    expect(await agent.process.ended, agent.process.stderr()).toBe(0);
    return { ...status, log: agent.process.stderr() };
  };
  const sealing = async (card: string, ...more: string[]) => {
    const process = pipit(["seal", "--config", config, "--state", card, ...more]);
    const code = await process.ended;
    return { code, out: process.stdout(), err: process.stderr() };
  };
  const copyOf = (card: string) => {
    const copy = join(temporaryFolder(), "state");
    cpSync(card, copy, { recursive: true });
    return copy;
  };
  const tokenIn = (card: string): string =>
    JSON.parse(readFileSync(join(card, "credentials.json"), "utf8")).active.accessToken;
  const provisioned = () => events.filter(({ path }) => path === "provision").length;
  expect((await run(state, "aaaaaaaa", "online")).device).toBe("board-aaaaaaaa");
  return { state, run, sealing, copyOf, tokenIn, provisioned };
}

describe("pipit seal", () => {
  it("leaves configuration and secret of a card that has worked, and nothing else", async () => {
    const { state, sealing, tokenIn } = await usedCard();
    expect(readdirSync(state)).toContain("journal");
    const token = tokenIn(state);
    const { code, out } = await sealing(state);
    expect(code).toBe(0);
    expect(out).toMatch(/removed {2}.*credentials\.json\n[\s\S]*removed {2}.*journal\n/);
    expect(out).toMatch(/^kept {5}configuration and provisioning secret$/m);
    expect(out).toMatch(/\/etc\/machine-id[\s\S]*ssh_host/);
    expect(out).not.toContain(token);
    expect(readdirSync(state)).toEqual(["provision-secret"]);
    expect(readFileSync(join(state, "provision-secret"), "utf8")).toBe(`${SECRET}\n`);
    expect((await sealing(state)).out).toContain("nothing to remove");
  });

  it("removes whatever an agent may have kept, damaged or half written, and nothing that is another's", async () => {
    const { state, sealing } = await usedCard();
    await makeStateFolder(state, seededRandom(1));
    for (const name of [
      "credentials.json.corrupt-1",
      ".credentials.json.tmp",
      "last-run.json.corrupt-2",
      ".lock.999999999", // of a process that was killed while it took the lock
      "photo.jpg",
    ])
      writeFileSync(join(state, name), "x");
    mkdirSync(join(state, "journal.serial-1"));
    const { out } = await sealing(state);
    expect(readdirSync(state).toSorted()).toEqual(["photo.jpg", "provision-secret"]);
    expect(out).toMatch(/kept {5}.*photo\.jpg/);
    expect(out).not.toContain(".lock.");
  });

  it("changes nothing in a dry run, and says the same", async () => {
    const { state, sealing } = await usedCard();
    const before = readdirSync(state);
    const { code, out } = await sealing(state, "--dry-run");
    expect([code, readdirSync(state)]).toEqual([0, before]);
    expect(out).toMatch(/would remove {2}.*credentials\.json/);
  });

  it("refuses while the agent runs", async () => {
    const { config, state, args } = await site();
    const agent = supervised({ args });
    await agent.until(({ state: now }) => now === "online");
    const process = pipit(["seal", "--config", config, "--state", state]);
    expect(await process.ended).toBe(75);
    expect(process.stderr()).toMatch(/another pipit.*P011\n.*systemctl stop pipit/);
    expect(readdirSync(state)).toContain("credentials.json");
  });

  it("says that a secret is lacking where it was erased after use", async () => {
    const { state, sealing } = await usedCard("");
    const { out, err } = await sealing(state);
    expect(err).toMatch(/no provisioning key and secret here.*\n.*P026/);
    expect(out).toMatch(/^kept {5}configuration$/m);
  });

  it("says what would make the boards one and the same device", async () => {
    const folder = temporaryFolder();
    const config = join(folder, "pipit.toml");
    const toml = `[server]
url = "coaps://tb"
client_cert = "/etc/pipit/board.pem"
client_key = "/etc/pipit/board.key"
[provisioning]
device_name = "board-1"
`;
    writeFileSync(config, toml, { mode: 0o600 });
    const process = pipit(["seal", "--config", config, "--state", join(folder, "state")]);
    expect(await process.ended, process.stderr()).toBe(0);
    expect(process.stderr()).toMatch(/client_cert.*one device/);
    expect(process.stderr()).toMatch(/device_name = "board-1".*\{serial8\}/);
    expect(process.stderr()).not.toContain("P026");
  });
});

describe("two boards from copies of one card", () => {
  it("that was sealed are two devices", async () => {
    const { state, run, sealing, copyOf, tokenIn } = await usedCard();
    await sealing(state);
    const [one, other] = [copyOf(state), copyOf(state)];
    expect((await run(one, "bbbbbbbb", "online")).device).toBe("board-bbbbbbbb");
    expect((await run(other, "cccccccc", "online")).device).toBe("board-cccccccc");
    expect(tokenIn(one)).not.toBe(tokenIn(other));
  });

  it("that was not sealed: with the secret the second sees a foreign card, and provisions under its own name", async () => {
    const { state, run, copyOf, tokenIn, provisioned } = await usedCard();
    const clone = copyOf(state);
    const { device } = await run(clone, "bbbbbbbb", "online");
    expect(device).toBe("board-bbbbbbbb");
    expect(tokenIn(clone)).not.toBe(tokenIn(state));
    expect((await run(state, "aaaaaaaa", "online")).device).toBe("board-aaaaaaaa");
    expect(provisioned()).toBe(2);
  });

  it("that was not sealed: without the secret the second waits and says so, and never is the first one", async () => {
    const { state, run, copyOf, provisioned } = await usedCard("");
    const { state: now, degradations, server } = await run(copyOf(state), "bbbbbbbb", /P026/);
    expect(now).toBe("provisioning");
    expect(degradations).toContainEqual(
      expect.objectContaining({ code: "P026", fix: expect.stringMatching(/secret/) }),
    );
    expect(server.last_ack_seconds).toBeNull();
    expect(provisioned()).toBe(1);
  });
});
