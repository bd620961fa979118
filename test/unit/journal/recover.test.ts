import { expect, it } from "vitest";
import { createWriter } from "../../../agent/journal/bytes.ts";
import { frameOf } from "../../../agent/journal/frame.ts";
import { joined } from "../../../agent/journal/joined.ts";
import { openJournal } from "../../../agent/journal/journal.ts";
import { createSampleEncoder } from "../../../agent/journal/sample-record.ts";
import { HEADER_BYTES, sealOf, writeHeader } from "../../../agent/journal/segment-header.ts";
import type { Disk } from "../../../agent/platform/disk.ts";
import { segmentFolder } from "../../../agent/platform/segment-folder.ts";
import { takenAt, wideBounds } from "../../support/a-journal.ts";
import { crashDisk, type DiskImage } from "../../support/crash-disk.ts";
import { journalOn } from "../../support/disk-journal.ts";
import { failingDisk } from "../../support/failing-disk.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const bounds = { maxBytes: 128 * 1024 };
const FRAME = 0xa7;

/** Several small segments, the first of which is half delivered; the paths in order. */
async function left(samples = 300) {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk, { bounds });
  for (let n = 1; n <= samples; n++) {
    const id = await journal.append({
      taken: takenAt(n),
      readings: { n, text: String(n).padEnd(200, "x") },
    });
    if (n <= 20) await journal.drop([id], "refused");
  }
  const [image] = [...crash.states(crash.count, () => 0)].slice(-1);
  const files = new Map(image ?? []);
  const segments = [...files.keys()].filter((path) => path.endsWith(".seg")).sort();
  return { files, segments };
}

async function opened(image: DiskImage, disk: Disk = crashDisk(image).disk) {
  const [log, clock] = [recordingLog(), virtualClock()];
  const journal = await journalOn(disk, { bounds, log, clock });
  const read = async () => (await journal.read({ fromId: 0, limit: 1_000 })).map(({ id }) => id);
  return { journal, log, clock, read, ids: await read() };
}

const firstIdOf = (path = "") => Number(/-(\d+)\.seg$/.exec(path)?.[1]);
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Where frames may begin in it. */
function framesIn(bytes: Uint8Array): number[] {
  return [...bytes.keys()].filter((at) => bytes[at] === FRAME && bytes[at + 1] === 0x50);
}

function change(files: Map<string, Uint8Array>, path = "", how: (bytes: Uint8Array) => void) {
  const bytes = files.get(path)?.slice() ?? expect.fail(`no ${path}`);
  how(bytes);
  files.set(path, bytes);
}

it("counts every sample of a segment that is gone, in the middle and at the beginning", async () => {
  const { files, segments } = await left();
  const [first, second, third] = segments;
  files.delete(second ?? "");
  const { journal, ids } = await opened(files);
  const missing = range(firstIdOf(second), firstIdOf(third) - 1);
  expect(ids).toEqual(range(21, 300).filter((id) => !missing.includes(id)));
  expect(journal.stats().droppedBy).toEqual({ refused: 20, damage: missing.length });
  files.delete(first ?? "");
  const again = await opened(files);
  expect(again.ids).toEqual(range(firstIdOf(third), 300));
  expect(again.log.lines[0]).toMatchObject({ fields: { samples: firstIdOf(third) - 21 } });
});

it("without any state left it makes up no losses: the counters begin anew, and say so", async () => {
  const { files, segments } = await left();
  const newest = segments.at(-1) ?? "";
  const only = new Map([[newest, files.get(newest) ?? new Uint8Array()]]);
  change(only, newest, (bytes) => bytes.fill(0, 32, 60));
  const { journal, log, ids } = await opened(only);
  expect(ids).toEqual(range(firstIdOf(newest), 300));
  expect(journal.stats().dropped).toBe(0);
  expect(log.lines.map(({ level }) => level)).toContain("error");
});

it("a lost keyframe at the end takes its deltas with it, and all of them are counted", async () => {
  const { files, segments } = await left(30);
  const [path = ""] = segments;
  const bytes = files.get(path) ?? new Uint8Array();
  const frames = framesIn(bytes);
  // The state, then 16 + 14 samples: the second keyframe.
  change(files, path, (content) => content.fill(0, frames.at(-14), (frames.at(-14) ?? 0) + 20));
  const { journal, ids } = await opened(files);
  const { damage = 0 } = journal.stats().droppedBy;
  expect(ids.length + damage).toBe(10);
  expect(await journal.append({ taken: takenAt(31), readings: { n: 31 } })).toBe(31);
});

it("a segment that cannot be opened at the start is read once it can be", async () => {
  const { files, segments } = await left();
  const { disk } = crashDisk(files);
  let fails = true;
  const open = async (path: string) => {
    if (fails && path === segments[1]) throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
    return disk.open(path);
  };
  const [log, clock] = [recordingLog(), virtualClock()];
  const journal = await journalOn({ ...disk, open }, { bounds, log, clock });
  expect(log.lines).toMatchObject([{ level: "error", fields: { error: "EMFILE" } }]);
  fails = false;
  const ids = (await journal.read({ fromId: 0, limit: 1_000 })).map(({ id }) => id);
  expect(ids).toEqual(range(21, 300));
  expect(journal.stats().droppedBy).toEqual({ refused: 20 });
});

it("an id that was settled before its sample was written is no hindrance to the sample that gets it", async () => {
  const { disk } = crashDisk();
  const open = (seed: number) =>
    openJournal({
      ...{ disk: segmentFolder("/journal", disk), bounds: wideBounds, windowMs: 1_000 },
      ...{ bootId: "b", clock: virtualClock(), random: seededRandom(seed), log: recordingLog() },
    });
  const first = await open(1);
  await first.append({ taken: takenAt(1), readings: { n: 1 } });
  await first.sync();
  const id = await first.append({ taken: takenAt(2), readings: { n: 2 } });
  await first.settle([id]);
  await first.sync();
  const second = await open(2);
  expect(await second.append({ taken: takenAt(3), readings: { n: 3 } })).toBe(id);
  await second.sync();
  const third = await open(3);
  const entries = await third.read({ fromId: 0, limit: 10 });
  expect(entries.map(({ readings }) => readings["n"])).toEqual([1, 3]);
});

it("says that a write was cut off, and writes on from there", async () => {
  const { files, segments } = await left(30);
  const [path = ""] = segments;
  const last = framesIn(files.get(path) ?? new Uint8Array()).at(-1) ?? 0;
  change(files, path, (bytes) => bytes.fill(0, last + 12));
  const { journal, log, ids } = await opened(files);
  expect(ids).toEqual(range(21, 29));
  expect(log.lines).toMatchObject([{ level: "warn", fields: { segment: "00000001", at: last } }]);
  expect(await journal.append({ taken: takenAt(30), readings: { n: 30 } })).toBe(30);
  expect(journal.stats().dropped).toBe(20);
});

it.each<[string, (files: Map<string, Uint8Array>) => void]>([
  [
    "garbage under the name of a segment",
    (files) => files.set("/journal/ffffffff-ffffffff-999999999999999.seg", new Uint8Array(500)),
  ],
  [
    "a copy of a segment under another number",
    (files) => {
      const [path = "", bytes = new Uint8Array()] =
        [...files].find(([name]) => /seg$/.test(name)) ?? [];
      files.set(path.replace("/0000000", "/1000000"), bytes);
    },
  ],
  ["an empty file", (files) => files.set("/journal/00000099-00000099-99.seg", new Uint8Array())],
])("sets %s aside, and loses nothing", async (_, plant) => {
  const { files } = await left();
  plant(files);
  const { journal, log, ids } = await opened(files);
  expect(ids).toEqual(range(21, 300));
  expect(journal.stats()).toMatchObject({ storage: "disk", dropped: 20 });
  expect(log.lines).toMatchObject([
    { level: "error", event: expect.stringContaining("set aside") },
  ]);
});

it("a damaged header costs nothing", async () => {
  const { files, segments } = await left();
  for (const path of segments) change(files, path, (bytes) => bytes.fill(0, 0, 32));
  const { ids, log } = await opened(files);
  expect(ids).toEqual(range(21, 300));
  expect(log.lines).toEqual([]);
});

it("of a file that has grown beyond all measure the sound beginning counts, and its size does not", async () => {
  const { files, segments } = await left();
  const [path = ""] = segments;
  const grown = new Uint8Array(40e6);
  grown.set(files.get(path) ?? []);
  files.set(path, grown);
  const { journal, ids } = await opened(files);
  expect(ids).toEqual(range(21, 300));
  await journal.append({ taken: takenAt(301), readings: { n: 301 } });
  expect(journal.stats()).toMatchObject({ waiting: 281, dropped: 20 });
});

/** This disk, with blocks that cannot be read. */
function withBadBlock(under: Disk, isBad: (at: number, length: number) => boolean): Disk {
  return {
    ...under,
    async read(file, at, length) {
      if (isBad(at, length)) throw Object.assign(new Error("EIO"), { code: "EIO" });
      return under.read(file, at, length);
    },
  };
}

it("reads around a bad block: it costs what lies in it", async () => {
  const { files } = await left();
  // The third block of every segment.
  const isBad = (at: number, length: number) => at < 12_288 && at + length > 8_192;
  const { journal, clock, read } = await opened(files, withBadBlock(crashDisk(files).disk, isBad));
  for (let minute = 0; minute < 20; minute++) {
    await clock.advance(60_000);
    await read();
  }
  const { waiting, droppedBy } = journal.stats();
  expect(journal.stats().storage).toBe("disk");
  expect(waiting).toBeGreaterThan(150);
  expect(waiting + (droppedBy.damage ?? 0)).toBeGreaterThan(260);
});

it("one failure of any operation while it opens costs nothing", async () => {
  const { files } = await left();
  const { calls } = await callsToOpen(files);
  for (let call = 0; call < calls; call++) {
    const failing = failingDisk(crashDisk(files).disk);
    failing.fail(call, "EIO");
    const { journal } = await opened(files, failing.disk);
    expect(journal.stats(), `call ${call}`).toMatchObject({ storage: "disk", dropped: 20 });
    expect(journal.stats().waiting, `call ${call}`).toBe(280);
  }
});

async function callsToOpen(files: DiskImage) {
  const counting = failingDisk(crashDisk(files).disk);
  await journalOn(counting.disk, { bounds });
  return counting;
}

it("ids that were given anew are not settled by what an older segment says of them", async () => {
  const crash = crashDisk();
  const journal = await journalOn(crash.disk, { bounds });
  const ids: number[] = [];
  for (let n = 1; n <= 30; n++)
    ids.push(await journal.append({ taken: takenAt(n), readings: { n } }));
  await journal.settle(ids.slice(9));
  await journal.append({ taken: takenAt(31), readings: { n: 31 } });
  const [image] = [...crash.states(crash.count, () => 0)].slice(-1);
  const files = new Map(image);
  // As if ids from 10 on had been given anew, in a segment whose state is damaged.
  const header = { number: 2, seed: 7, firstId: 10 };
  const encoder = createSampleEncoder();
  const writer = createWriter();
  for (const n of [0, 1, 2]) encoder.write(writer, n, { taken: takenAt(n), readings: { n } });
  const frame = frameOf(writer.bytes(), sealOf(header), HEADER_BYTES);
  files.set("/journal/00000002-00000007-10.seg", joined(writeHeader(header), frame));
  expect((await opened(files)).ids).toEqual(range(1, 12));
});
