import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { journalFolder } from "../../agent/cli/journal-folder.ts";
import { defaultConfig } from "../../agent/config/config.ts";
import { lastGoodToml } from "../../agent/config/last-good.ts";
import type { Credentials, Identity } from "../../agent/credentials.ts";
import { frameAt } from "../../agent/journal/frame.ts";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import { recordsIn } from "../../agent/journal/record.ts";
import { createSampleDecoder } from "../../agent/journal/sample-record.ts";
import { HEADER_BYTES, readHeader, sealOf } from "../../agent/journal/segment-header.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import { systemDisk } from "../../agent/platform/disk.ts";
import { refusedFile } from "../../agent/platform/refused-file.ts";
import { runRecord } from "../../agent/platform/run-record.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type {
  Clock,
  DropReason,
  Json,
  Logger,
  Random,
  Run,
  TakenSample,
} from "../../agent/ports.ts";
import { createStanding } from "../../agent/standing.ts";
import { wideBounds } from "./a-journal.ts";
import { filesBelow } from "./damage.ts";
import { aBoard } from "./device-rig.ts";
import { recordingLog } from "./recording-log.ts";
import { virtualClock } from "./virtual-clock.ts";

export interface OpenStateOptions {
  readonly random: Random;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly maxBytes?: number;
}

export const journalIn = (
  folder: string,
  { random, log = recordingLog(), clock = virtualClock(), maxBytes = 64e6 }: OpenStateOptions,
): Promise<DurableJournal> =>
  openJournal({
    disk: segmentFolder(join(folder, "journal"), systemDisk, log),
    bounds: { ...wideBounds, maxBytes },
    windowMs: 0,
    bootId: "boot-of-the-test",
    clock,
    random,
    log,
  });

/** Where bytes lie: a file, and from where to where in it. */
export interface Place {
  readonly file: string;
  readonly at: number;
  readonly end: number;
}

export interface StateFolder {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly written: ReadonlyMap<number, TakenSample>;
  readonly waiting: ReadonlySet<number>;
  /** The frame of each waiting sample, and that of its keyframe. */
  readonly needs: ReadonlyMap<number, { readonly own: Place; readonly keyframe: Place }>;
  /** Frames that tell what became of samples. */
  readonly knowledge: readonly Place[];
  /** Those of them that tell all of it, oldest first. */
  readonly states: readonly (Place & { readonly dropped: Partial<Record<DropReason, number>> })[];
  /** Current and previous generation. */
  readonly identities: { readonly current: Identity; readonly previous: Identity };
}

const credentials = (accessToken: string): Credentials => ({
  server: "127.0.0.1",
  fingerprint: null,
  deviceName: "board-1",
  accessToken,
});

export const lastRun: Run = {
  bootId: "boot-of-the-test",
  clean: false,
  stamp: "0.1.0",
  crashes: 1,
  safeMode: false,
};

/** All that a board keeps which has been offline for a while: half a dozen small segments, most of their samples waiting. */
export async function makeStateFolder(folder: string, random: Random): Promise<StateFolder> {
  mkdirSync(folder, { recursive: true });
  const written = new Map<number, TakenSample>();
  const settled = new Set<number>();
  const log = recordingLog();
  journalFolder(folder, { board: aBoard, policy: "reprovision", log, standing: createStanding() });
  for (const run of [1, 2]) {
    // The smallest segments there are.
    await using journal = await journalIn(folder, { random, maxBytes: 130_000 });
    for (let n = 0; n < 340; n++) {
      const sample = aSample(run * 1_000_000 + n * 10_000, random.fraction);
      const id = await journal.append(sample);
      written.set(id, sample);
      if (n === 200) journal.note("boots", { "boot-of-the-test": n });
      const gone = id < 60 || id % 23 === 0 ? [id] : [];
      if (id % 97 === 0) await journal.drop(gone, "refused");
      else await journal.settle(gone);
      for (const one of gone) settled.add(one);
    }
  }
  const identities = credentialsIn(folder, log);
  runRecord(folder, log).save(lastRun);
  const config = { ...defaultConfig, server: { ...defaultConfig.server, url: "coap://127.0.0.1" } };
  writeFileSync(join(folder, "last-good.toml"), lastGoodToml(config));
  writeFileSync(join(folder, "lock"), "1 2 3\n");
  refusedFile(folder).keep({ ts: 1, reason: "4.00", readings: { refused: true } });
  const files = filesBelow(folder);
  const waiting = new Set([...written.keys()].filter((id) => !settled.has(id)));
  return { files, written, waiting, identities, ...layoutOf(files) };
}

function credentialsIn(folder: string, log: Logger) {
  const store = credentialStore(folder, log);
  const empty: Identity = { claim: null, active: null, kept: [] };
  const previous = { ...empty, active: credentials("token-of-the-board") };
  const kept = [{ ...credentials("an-older-one"), reason: "revoked" } as const];
  const current = { ...previous, kept };
  store.save({ ...empty, claim: credentials("token-of-the-board") });
  store.save(previous);
  store.save(current);
  return { current, previous };
}

/** 24 keys, some of which stand still. */
function aSample(monotonicMs: number, fraction: () => number): TakenSample {
  const readings: Record<string, Json & {}> = { text: fraction() < 0.05 ? "§P of a text" : "idle" };
  for (let key = 0; key < 24; key++)
    readings[`reading${key}`] = key % 2 === 0 ? Math.round(fraction() * 1e4) / 100 : key;
  const ts = fraction() < 0.9 ? 1_795_000_000_000 + monotonicMs : null;
  return { taken: { bootId: "boot-of-the-test", monotonicMs, ts }, readings };
}

/** Lays the files out as they were. */
export function putFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes, { mode: 0o600 });
  }
}

function layoutOf(files: ReadonlyMap<string, Uint8Array>) {
  const needs = new Map<number, { own: Place; keyframe: Place }>();
  const knowledge: Place[] = [];
  const states: (Place & { dropped: Partial<Record<DropReason, number>> })[] = [];
  const segments = [...files].filter(([path]) => path.endsWith(".seg")).toSorted();
  for (const [file, bytes] of segments) {
    const header = readHeader(bytes);
    if (typeof header === "string") throw new Error(`${file} is ${header}`);
    let keyframe: Place | null = null;
    let at = HEADER_BYTES;
    for (;;) {
      const frame = frameAt(bytes, at, sealOf(header));
      if (frame === null) break;
      const own = { file, at, end: frame.end };
      at = frame.end;
      // By itself: then a delta is an orphan.
      for (const record of recordsIn(frame.body, header.firstId, createSampleDecoder())) {
        if (record.kind === "sample") keyframe = own;
        if ("id" in record) needs.set(record.id, { own, keyframe: keyframe ?? own });
        else knowledge.push(own);
        if (record.kind === "state") states.push({ ...own, dropped: record.state.dropped });
      }
    }
  }
  return { needs, knowledge, states };
}
