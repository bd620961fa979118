import { expect } from "vitest";
import type { Identity } from "../../agent/credentials.ts";
import { AgentError } from "../../agent/errors.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import type { Disk } from "../../agent/platform/disk.ts";
import { runRecord } from "../../agent/platform/run-record.ts";
import type { TakenSample } from "../../agent/ports.ts";
import { takenAt } from "../support/a-journal.ts";
import { crashDisk, type DiskImage } from "../support/crash-disk.ts";
import { type CrashFiles, crashFiles } from "../support/crash-files.ts";
import { journalOn } from "../support/disk-journal.ts";
import { failingDisk } from "../support/failing-disk.ts";
import { lifeOfIdentity } from "../support/identities.ts";
import { emptyIdentity } from "../support/memory-identity.ts";
import { recordingLog } from "../support/recording-log.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const codes = ["EIO", "ENOSPC", "EROFS"] as const;

/** What `act` throws as the disk's fault; null when all went well. Anything else is a bug. */
function storageErrorOf(act: () => void): AgentError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof AgentError && error.kind === "storage") return error;
    throw error;
  }
}

const storeOn = (crash: CrashFiles) => credentialStore("/state", recordingLog(), crash.files);

/** A life up to its save number `saves`. */
function livedOn(crash: CrashFiles, saves: number): void {
  for (const identity of lifeOfIdentity.slice(0, saves)) storeOn(crash).save(identity);
}

/** Save number `save` while call number `failing` fails, and perhaps all after it; null when it makes no such call. */
function saveWhileFailing(save: number, failing: number, code: string, forEver: boolean) {
  const crash = crashFiles();
  livedOn(crash, save);
  const first = crash.calls;
  crash.failAt(first + failing, code, forEver);
  const [before = emptyIdentity, next] = [lifeOfIdentity[save - 1], lifeOfIdentity[save]];
  const error = storageErrorOf(() => storeOn(crash).save(next ?? emptyIdentity));
  if (crash.calls - first <= failing) return null;
  crash.failAt(-1, code);
  return { error, before, next, found: storeOn(crash).load(), crash };
}

proof(8, "a save of credentials survives a failure of each of its operations", async () => {
  let [cases, refused] = [0, 0];
  for (const code of codes)
    for (const forEver of [false, true])
      for (const save of lifeOfIdentity.keys())
        for (let failing = 0; ; failing++) {
          const seen = saveWhileFailing(save, failing, code, forEver);
          if (seen === null) break;
          cases++;
          const { error, before, next, found, crash } = seen;
          const context = `save ${save}, call ${failing}, ${code}${forEver ? " from then on" : ""}`;
          // Nothing is told to be safe that is not; and what was there is not lost for it.
          const possible: (Identity | undefined)[] = error === null ? [next] : [before, next];
          expect(possible, context).toContainEqual(found);
          if (error !== null) refused++;
          if (error !== null) expect(error.hint, context).toBeTruthy();
          storeOn(crash).save(next ?? emptyIdentity);
          expect(storeOn(crash).load(), context).toEqual(next);
        }
  expect(cases).toBeGreaterThan(500);
  return `${cases} failed operations while credentials are saved: ${refused} reported, none lost`;
});

proof(8, "no failure of a read makes an identity look empty", async () => {
  let cases = 0;
  for (const code of codes)
    for (const forEver of [false, true])
      for (let failing = 0; ; failing++) {
        const crash = crashFiles();
        livedOn(crash, 4);
        const first = crash.calls;
        crash.failAt(first + failing, code, forEver);
        let found: Identity | null = null;
        const error = storageErrorOf(() => {
          found = storeOn(crash).load();
        });
        runRecord("/state", recordingLog(), crash.files).load();
        if (error === null) expect(found).toEqual(lifeOfIdentity[3]);
        if (crash.calls - first <= failing) break;
        cases++;
      }
  return `${cases} failed operations while they are loaded: reported, never taken for a new board`;
});

const SAMPLES = 150;
/** Long enough for a segment to become full on the way. */
const text = "x".repeat(180);
const sampleOf = (n: number): TakenSample => ({
  taken: takenAt(1_000 + n),
  readings: { n, text: `${n}${text}` },
});
const bounds = { maxBytes: 128 * 1024 };

/** Samples come, some are delivered, a minute passes: long enough for a disk that failed to be tried again. */
async function course(disk: Disk, waiting: ReadonlyMap<number, TakenSample> = new Map()) {
  const log = recordingLog();
  const clock = virtualClock();
  await using journal = await journalOn(disk, { bounds, clock, log });
  const accepted = new Map(waiting);
  const settled = new Set<number>();
  const append = async (n: number) => {
    const id = await journal.append(sampleOf(n));
    expect(accepted.has(id)).toBe(false);
    accepted.set(id, sampleOf(n));
  };
  for (let n = 0; n < SAMPLES; n++) {
    await append(n);
    if (n % 3 > 0) continue;
    const live = await journal.newest();
    expect(live?.readings).toEqual(sampleOf(n).readings);
    const backlog = n % 30 === 0 ? await journal.read({ fromId: 0, limit: 20 }) : [];
    const ids = [...(live ? [live] : []), ...backlog].map(({ id }) => id);
    await journal.settle(ids);
    for (const id of ids) settled.add(id);
  }
  // One more than the disk may need: it may fail in the last of them.
  for (let minute = 0; minute < 4 || (minute < 9 && journal.stats().problem); minute++) {
    await clock.advance(61_000);
    await append(SAMPLES + minute);
    await journal.read({ fromId: 0, limit: 1_000 });
  }
  expect(journal.stats()).toMatchObject({ storage: "disk", problem: null, dropped: 0 });
  return { accepted, settled, log };
}

/** What waits is there, and nothing else, after a restart; a sample that was delivered may come again. */
async function checkDisk(
  image: DiskImage,
  accepted: ReadonlyMap<number, TakenSample>,
  settled: ReadonlySet<number>,
) {
  await using journal = await journalOn(crashDisk(image).disk, { bounds });
  const entries = await journal.read({ fromId: 0, limit: 10_000 });
  const found = new Map(entries.map(({ id, ...sample }) => [id, sample]));
  const lost = [...accepted.keys()].filter((id) => !settled.has(id) && !found.has(id));
  expect(lost).toEqual([]);
  for (const [id, { readings }] of found) expect(readings).toEqual(accepted.get(id)?.readings);
  expect(journal.stats().dropped).toBe(0);
}

/** What an earlier run left: several segments, some samples of which wait. */
async function left() {
  const crash = crashDisk();
  const { accepted, settled } = await course(crash.disk);
  const [image] = [...crash.states(crash.count, () => 0)].slice(-1);
  const waiting = new Map([...accepted].filter(([id]) => !settled.has(id)));
  return { image: image ?? expect.fail("no image"), waiting };
}

proof(
  8,
  "the journal survives a failure of each of its operations: memory, then the disk again",
  async ({ count, random }) => {
    const { image, waiting } = await left();
    const opened = failingDisk(crashDisk(image).disk);
    await journalOn(opened.disk, { bounds });
    const sound = failingDisk(crashDisk(image).disk);
    await course(sound.disk, waiting);
    const all = Array.from({ length: sound.calls }, (_, call) => call);
    const calls = all.filter(() => random.fraction() < count(10_000) / 10_000);
    let alarms = 0;
    for (const call of calls) {
      for (const code of codes) {
        const crash = crashDisk(image);
        const failing = failingDisk(crash.disk);
        // A disk that fails again at once when it is opened is one that holds no journal.
        const times = call < opened.calls ? 1 : 1 + Math.floor(random.fraction() * 3);
        failing.fail(call, code, times);
        try {
          const { accepted, settled, log } = await course(failing.disk, waiting);
          const said = log.lines.filter(({ event }) => event.includes("takes no samples"));
          expect(said.length).toBeLessThanOrEqual(1);
          alarms += said.length;
          const [end = new Map()] = [...crash.states(crash.count, random.fraction)].slice(-1);
          await checkDisk(end, accepted, settled);
        } catch (error) {
          if (error instanceof Error) error.message += ` (call ${call}, ${code})`;
          throw error;
        }
      }
    }
    return `${calls.length * codes.length} failures of the journal's disk, at ${calls.length} of ${all.length} calls: 0 lost, ${alarms} times in memory and back`;
  },
);
