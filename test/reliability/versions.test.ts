import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openJournal } from "../../agent/journal/journal.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { publishTo } from "../../agent/platform/publish-client.ts";
import { runRecord } from "../../agent/platform/run-record.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { takenAt, wideBounds } from "../support/a-journal.ts";
import { pipit } from "../support/pipit-process.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import {
  changeCredentials,
  changeRun,
  changeSegments,
  contentOf,
} from "../support/state-version.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const fixtures = join(import.meta.dirname, "../fixtures");
const versions = readdirSync(fixtures).filter((name) => /^state-v\d+$/.test(name));

/** A copy of what a version left behind, as a state folder. */
function copyOf(version: string): string {
  const folder = join(temporaryFolder(), "state");
  cpSync(join(fixtures, version), folder, { recursive: true });
  for (const file of ["credentials.json", "credentials.json.bak"])
    chmodSync(join(folder, file), 0o600);
  return folder;
}

async function openedIn(folder: string) {
  const log = recordingLog();
  const journal = await openJournal({
    disk: segmentFolder(join(folder, "journal"), systemDisk),
    bounds: { ...wideBounds, maxAgeMs: 1e15 },
    windowMs: 0,
    bootId: "this-boot",
    clock: systemClock,
    random: seededRandom(1),
    log,
  });
  return { journal, log };
}

proof(34, "what each earlier version wrote is read whole, and goes on", async () => {
  expect(versions).toContain("state-v1");
  let samples = 0;
  for (const version of versions) {
    const folder = copyOf(version);
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
    for (const round of ["read", "read again after it was written on"]) {
      const { journal, log } = await openedIn(folder);
      const waiting = await journal.read({ fromId: 0, limit: 10_000 });
      const context = `${version}, ${round}`;
      expect(waiting.slice(0, expected.waiting.length), context).toEqual(expected.waiting);
      expect(journal.stats(), context).toMatchObject({ storage: "disk", problem: null });
      expect(journal.stats().dropped, context).toBe(expected.dropped);
      expect(journal.noted("sequence"), context).toEqual(expected.note);
      expect(log.lines, context).toEqual([]);
      await journal.append({ taken: takenAt(1), readings: { round } });
      samples += expected.waiting.length;
      await journal[Symbol.asyncDispose]();
    }
    const log = recordingLog();
    const store = credentialStore(folder, log);
    expect(store.load()).toEqual(expected.identity);
    store.save({ ...expected.identity, claim: null });
    expect(store.load()).toEqual({ ...expected.identity, claim: null });
    expect(runRecord(folder, log).load()).toMatchObject(expected.run);
    expect(log.lines).toEqual([]);
  }
  return `${versions.length} version(s), ${samples} samples, credentials and the record of the run read`;
});

proof(34, "what a later version wrote is refused by name, and stays as it is", async () => {
  const folder = copyOf(versions.at(-1) ?? "none");
  const { waiting } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  const files = {
    credentials: join(folder, "credentials.json"),
    previous: join(folder, "credentials.json.bak"),
    run: join(folder, "last-run.json"),
  };
  changeSegments(join(folder, "journal"), 1);
  changeCredentials(files.credentials, 1);
  changeCredentials(files.previous, 1);
  changeRun(files.run, 1);
  const before = contentOf(folder);

  const { journal, log } = await openedIn(folder);
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENEWER", waiting: 0 });
  expect(log.lines).toMatchObject([
    {
      level: "error",
      fields: {
        reason: expect.stringContaining("later version of Pipit"),
        hint: expect.stringContaining("install that version again"),
      },
    },
  ]);
  for (let n = 0; n < 2_000; n++) await journal.append({ taken: takenAt(n), readings: { n } });
  expect(journal.stats()).toMatchObject({ storage: "memory", problem: "ENEWER", waiting: 2_000 });
  await journal[Symbol.asyncDispose]();

  const store = credentialStore(folder, recordingLog());
  const refusal = { kind: "config", hint: expect.stringContaining("install that version again") };
  expect(() => store.load()).toThrow(expect.objectContaining(refusal));
  const nobody = { claim: null, active: null, kept: [] };
  expect(() => store.save(nobody)).toThrow(expect.objectContaining(refusal));
  const runs = runRecord(folder, recordingLog());
  expect(runs.load()).toBeNull();
  runs.save({ bootId: null, clean: true, stamp: null, crashes: 0, safeMode: false });

  expect(contentOf(folder)).toEqual(before);
  changeSegments(join(folder, "journal"), -1);
  const back = await openedIn(folder);
  expect(await back.journal.read({ fromId: 0, limit: 10_000 })).toEqual(waiting);
  await back.journal[Symbol.asyncDispose]();
  return `journal, credentials and record one version ahead: 0 bytes changed, all ${waiting.length} samples there for the version that wrote them`;
});

/** False: the agent is not there, or this was too fast for it. */
async function isHandedIn(socket: string, n: number): Promise<boolean> {
  try {
    await publishTo(socket, { n });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ kind: "transient" });
    return false;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The real agent on one state folder, against a sandbox that is silent until all is over. */
async function site() {
  const server: Sandbox = await startSandbox({ httpPort: null, keepPoints: 100_000 });
  const folder = temporaryFolder();
  const [state, config] = [join(folder, "state"), join(folder, "pipit.toml")];
  writeFileSync(
    config,
    `[server]\nurl = "coap://127.0.0.1:${server.port}"\nack_timeout = "200ms"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[system]\nmetrics = []\n[publish]\non_change = true\n[clock]\ntrust = "always"\n[outbox]\nkeep_free = "0B"\n`,
    { mode: 0o600 },
  );
  const socket = join(folder, "publish.sock");
  const args = ["run", "--config", config, "--state", state];
  const start = () => pipit(args, { env: { RUNTIME_DIRECTORY: folder } });
  const provisioned = pipit(["provision", "--config", config, "--state", state]);
  expect(await provisioned.ended).toBe(0);
  return { server, state, socket, start };
}

proof(
  34,
  "killed again and again while versions go back and forth, it loses nothing that it accepted",
  async ({ seed, random, count }) => {
    const { server, state, socket, start } = await site();
    await using _server = server;
    const journal = join(state, "journal");
    const first = start();
    while (!(await isHandedIn(socket, -1))) await pause(20);
    first.child.kill("SIGTERM"); // there is a journal from here on
    expect(await first.ended).toBe(0);
    const accepted: number[] = [];
    let next = 0;
    const wanted = count(100);
    const kills = { same: 0, older: 0 };
    for (let round = 0; round < wanted; round++) {
      const isOlder = round % 2 === 1;
      const context = `seed ${seed}, round ${round}`;
      server.setFaults({ outage: random.fraction() < 0.5 });
      if (isOlder) changeSegments(journal, 1);
      const before = contentOf(journal);
      const agent = start();
      // Half of the kills fall into the start, the others into what comes after it; the first rounds do both for certain.
      const inStart = round < 4 ? round >= 2 : random.fraction() < 0.5;
      const firstAccepted = Promise.withResolvers<void>();
      const timer = new Promise<void>((resolve) => {
        const begin = () => setTimeout(resolve, random.fraction() * 400);
        if (inStart) begin();
        else if (isOlder) agent.seen(/started/).then(begin, begin);
        else void Promise.race([firstAccepted.promise, agent.ended]).then(begin);
      });
      let isOver = false;
      void timer.then(() => {
        isOver = true;
        agent.child.kill("SIGKILL");
      });
      while (!isOver) {
        const n = next++;
        if (!(await isHandedIn(socket, n))) await pause(5);
        else if (!isOlder) {
          accepted.push(n);
          firstAccepted.resolve();
        }
      }
      expect(await agent.ended, `${context}: ${agent.stderr()}`).toBe("SIGKILL");
      kills[isOlder ? "older" : "same"]++;
      if (!isOlder) continue;
      expect(contentOf(journal), context).toEqual(before);
      if (!inStart) expect(agent.stderr(), context).toContain("later version of Pipit");
      changeSegments(journal, -1);
    }
    expect(accepted.length).toBeGreaterThan(0);

    server.setFaults({ outage: false });
    const last = start();
    const delivered = () =>
      new Set(
        server
          .state()
          .devices["board-1"]?.telemetry.keys["n"]?.recent.map(({ value }) => Number(value)),
      );
    const missing = () => {
      const there = delivered();
      return accepted.filter((n) => !there.has(n));
    };
    for (let tries = 0; missing().length > 0 && tries < 900; tries++) {
      if (last.child.exitCode !== null) expect.fail(last.stderr());
      await pause(100);
    }
    expect(missing(), `seed ${seed}`).toEqual([]);
    await last.seen(/started/); // where nothing was left to deliver, SIGTERM would come before it listens
    last.child.kill("SIGTERM");
    expect(await last.ended).toBe(0);
    return `${kills.same} kills of the version that wrote the journal, ${kills.older} of one before it: ${accepted.length} readings accepted, 0 lost`;
  },
);

proof(34, "newer credentials end the start with 78, and stay as they are", async () => {
  const { server, state, start } = await site();
  await using _server = server;
  changeCredentials(join(state, "credentials.json"), 2);
  changeCredentials(join(state, "credentials.json.bak"), 2);
  const credentials = () =>
    [...contentOf(state)].filter(([name]) => name.startsWith("credentials.json"));
  const before = credentials();
  for (let round = 0; round < 6; round++) {
    const agent = start();
    expect(await agent.ended).toBe(78);
    expect(agent.stderr()).toMatch(/written by a newer Pipit.*version 3/);
    expect(agent.stderr()).toContain("install that version again");
    expect(agent.stderr()).not.toContain("safe mode");
  }
  expect(credentials()).toEqual(before);
  return "6 starts, each ended with 78 and the way out; credentials unchanged, no crash counted";
});
