import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { journalFolder } from "../../agent/cli/journal-folder.ts";
import { readConfig } from "../../agent/cli/read-config.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { refusedFile } from "../../agent/platform/refused-file.ts";
import { runRecord } from "../../agent/platform/run-record.ts";
import { lockState } from "../../agent/platform/state-lock.ts";
import type { Random, TakenSample } from "../../agent/ports.ts";
import { createStanding } from "../../agent/standing.ts";
import { createDamager, filesBelow, pathsBelow } from "../support/damage.ts";
import { aBoard } from "../support/device-rig.ts";
import { emptyIdentity } from "../support/memory-identity.ts";
import { recordingLog } from "../support/recording-log.ts";
import { recordingShell } from "../support/recording-shell.ts";
import {
  journalIn,
  lastRun,
  makeStateFolder,
  type Place,
  putFiles,
  type StateFolder,
} from "../support/state-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

/** What the damage has hit, by comparison of every byte. */
function hits(before: StateFolder, after: ReadonlyMap<string, Uint8Array>) {
  const isHit = ({ file, at, end }: Place): boolean => {
    const [was, is] = [before.files.get(file), after.get(file)];
    if (!was || !is) return true;
    return Buffer.compare(was.subarray(at, end), is.subarray(at, end)) !== 0;
  };
  const place = (id: number) => before.needs.get(id) ?? expect.fail(`where is ${id}?`);
  return {
    mustBeThere: [...before.waiting].filter(
      (id) => !isHit(place(id).own) && !isHit(place(id).keyframe),
    ),
    isItselfHit: (id: number) => isHit(place(id).own),
    knowsAll: !before.knowledge.some(isHit),
    lastState: before.states.findLast((state) => !isHit(state)) ?? null,
    isFileHit: (file: string) =>
      isHit({
        file,
        at: 0,
        end: Math.max(before.files.get(file)?.length ?? 0, after.get(file)?.length ?? 0),
      }),
  };
}

type Hits = ReturnType<typeof hits>;

/** Every sample that waits, whatever it takes. */
async function waitingIn(folder: string, random: Random, log = recordingLog()) {
  const clock = virtualClock();
  const journal = await journalIn(folder, { random, log, clock });
  let entries = await journal.read({ fromId: 0, limit: 100_000 });
  for (let minute = 0; minute < 4 && entries.length < journal.stats().waiting; minute++) {
    await clock.advance(60_000);
    entries = await journal.read({ fromId: 0, limit: 100_000 });
  }
  return { journal, found: new Map(entries.map(({ id, ...sample }) => [id, sample])) };
}

async function checkJournal(folder: string, before: StateFolder, hit: Hits, random: Random) {
  const log = recordingLog();
  // No damage makes this board's samples another one's.
  const owner = { board: aBoard, policy: "reprovision", log, standing: createStanding() } as const;
  expect(journalFolder(folder, owner)).toBe(join(folder, "journal"));
  const { journal, found } = await waitingIn(folder, random, log);
  await using _journal = journal;
  const stats = journal.stats();
  expect(stats).toMatchObject({ storage: "disk", problem: null, waiting: found.size });
  for (const id of hit.mustBeThere) if (!found.has(id)) expect.fail(`sample ${id} is lost`);
  for (const [id, sample] of found) expectSame(id, sample, before.written.get(id));
  if (hit.knowsAll)
    for (const id of found.keys()) if (!before.waiting.has(id)) expect.fail(`${id} comes again`);

  const after = { taken: { bootId: "b", monotonicMs: 9e9, ts: null }, readings: { after: true } };
  const nextId = await journal.append(after);
  expect(await journal.newest()).toEqual({ id: nextId, ...after });

  const lost = [...before.waiting].filter((id) => !found.has(id));
  // Behind the last sound frame of the newest segment nothing tells how many samples there were.
  const untold = lost.filter((id) => id >= nextId);
  for (const id of untold)
    if (!hit.isItselfHit(id)) expect.fail(`sample ${id} was not hit, is lost, and not counted`);
  const { damage = 0, ...others } = stats.droppedBy;
  expect(others).toEqual(hit.lastState?.dropped ?? {});
  const told = lost.length - untold.length;
  const gone = [...before.written.keys()].filter((id) => id < nextId && !found.has(id)).length;
  const oldest = Math.min(...found.keys());
  const least = hit.lastState ? told : lost.filter((id) => id > oldest && id < nextId).length;
  expect(damage).toBeGreaterThanOrEqual(least);
  expect(damage).toBeLessThanOrEqual(hit.knowsAll ? told : gone);
  if (damage > 0) expect(log.lines.map(({ event }) => event).join()).toMatch(/damaged|missing/);
  return { journal, found, nextId, told, untold: untold.length };
}

/** Much faster than a deep comparison, where nothing is wrong. */
function expectSame(id: number, found: TakenSample, written: TakenSample | undefined): void {
  const isSame =
    JSON.stringify([found.taken, found.readings]) ===
    JSON.stringify([written?.taken, written?.readings]);
  if (!isSame) expect(found, `sample ${id}`).toEqual(written);
}

/** What was found once is found again, and with it what came since. */
async function checkAgain(
  folder: string,
  random: Random,
  first: ReadonlyMap<number, unknown>,
  nextId: number,
) {
  const { journal, found } = await waitingIn(folder, random);
  await using _journal = journal;
  expect([...found.keys()]).toEqual([...first.keys(), nextId]);
}

async function checkOthers(folder: string, before: StateFolder, hit: Hits) {
  const log = recordingLog();
  using _lock = lockState(folder);
  const { current, previous } = before.identities;
  const identity = credentialStore(folder, log).load();
  const possible = !hit.isFileHit("credentials.json")
    ? [current]
    : !hit.isFileHit("credentials.json.bak")
      ? [current, previous]
      : [current, previous, emptyIdentity];
  expect(possible).toContainEqual(identity);
  credentialStore(folder, log).save(current);
  expect(credentialStore(folder, log).load()).toEqual(current);

  const refused = { ts: 2, reason: "4.00", readings: { refused: true } };
  try {
    refusedFile(folder).keep(refused);
  } catch (error) {
    expect(error).toMatchObject({ kind: "storage", hint: expect.any(String) });
  }
  const run = runRecord(folder, log).load();
  if (!hit.isFileHit("last-run.json")) expect(run).toEqual(lastRun);
  const broken = join(folder, "broken.toml");
  writeFileSync(broken, "= [");
  const read = await readConfig(recordingShell(), { config: broken }, { stateDir: folder });
  if (!hit.isFileHit("last-good.toml")) expect(read.source).toBe("last-good");
}

proof(
  9,
  "whatever happens to the bytes of the state folder, it opens, and what was not hit is there",
  async ({ random, count }) => {
    // In memory: what is synced when is not the question here.
    const base = temporaryFolder("/dev/shm");
    const before = await makeStateFolder(join(base, "before"), random);
    // Most of the bytes lie in segments, and so does most of the damage.
    const segments = [...before.files.keys()].filter((path) => path.startsWith("journal/"));
    const others = [...before.files.keys()].filter((path) => !path.startsWith("journal/"));
    expect(segments.length).toBeGreaterThanOrEqual(4);
    const damager = createDamager(random.fraction);
    const rounds = count(10_000);
    let [told, untold] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const folder = join(base, String(round));
      mkdirSync(folder);
      putFiles(folder, before.files);
      const damages: string[] = [];
      const times = random.fraction() < 0.8 ? 1 : 3;
      for (let time = 0; time < times; time++) {
        const which = random.fraction() < 0.75 ? segments : [...others, "journal"];
        const there = new Set(pathsBelow(folder));
        const paths = which.filter((path) => there.has(path));
        if (paths.length > 0) damages.push(damager.once(folder, paths));
      }
      try {
        const hit = hits(before, filesBelow(folder));
        const result = await checkJournal(folder, before, hit, random);
        if (round % 10 === 0) await checkAgain(folder, random, result.found, result.nextId);
        await checkOthers(folder, before, hit);
        told += result.told;
        untold += result.untold;
      } catch (error) {
        if (error instanceof Error) error.message += `\nround ${round}: ${damages.join("; ")}`;
        throw error;
      }
      rmSync(folder, { recursive: true });
    }
    return `${rounds} damages: all opened, nothing lost that was not hit; ${told} samples hit and counted, ${untold} behind the end of the newest segment`;
  },
);
