import { expect } from "vitest";
import type { Identity } from "../../agent/credentials.ts";
import { credentialStore } from "../../agent/platform/credentials.ts";
import type { Files } from "../../agent/platform/files.ts";
import { runRecord } from "../../agent/platform/run-record.ts";
import type { Run } from "../../agent/ports.ts";
import { type CrashFilesOptions, crashFiles, type FilesImage } from "../support/crash-files.ts";
import { credentialsOf, lifeOfIdentity } from "../support/identities.ts";
import { emptyIdentity } from "../support/memory-identity.ts";
import { recordingLog } from "../support/recording-log.ts";
import { proof } from "./proof.ts";

/** Something that is kept in a file and replaced as a whole. */
interface Kept<T> {
  load(): T;
  save(value: T): void;
}

interface Course<T> {
  readonly open: (files: Files) => Kept<T>;
  readonly image?: FilesImage;
  /** What a load gives before anything is saved. */
  readonly first: T;
  /** Saved one after the other, with a load before each. */
  readonly values: readonly T[];
}

/**
 * Cuts the power within every operation of a course, and loads what is left: the last value saved, or the one being saved.
 * Tells how many states there were, and what was wrong with any of them.
 */
function everyState<T>(
  { open, image = new Map(), first, values }: Course<T>,
  fraction: () => number,
  options: CrashFilesOptions = {},
) {
  const crash = crashFiles(image, options);
  const kept = open(crash.files);
  const done: { readonly count: number; readonly value: T }[] = [{ count: 0, value: first }];
  for (const value of values) {
    kept.load();
    kept.save(value);
    done.push({ count: crash.count, value });
  }
  const wrong: string[] = [];
  let states = 0;
  for (let index = 0; index <= crash.count; index++) {
    const last = done.findLastIndex(({ count }) => count <= index);
    const possible = done.slice(last, last + 2).map(({ value }) => JSON.stringify(value));
    for (const left of crash.states(index, fraction)) {
      states++;
      const found = loadedTwice(open, left);
      if (!possible.includes(found)) wrong.push(`operation ${index}, state ${states}: ${found}`);
    }
  }
  return { states, operations: crash.count, wrong };
}

/** A restart and another one, then a save: it is never stuck. */
function loadedTwice<T>(open: (files: Files) => Kept<T>, image: FilesImage): string {
  const { files } = crashFiles(image);
  const found = open(files).load();
  const again = open(files).load();
  expect(again).toEqual(found);
  open(files).save(found);
  expect(open(files).load()).toEqual(found);
  return JSON.stringify(found);
}

const openIdentity = (files: Files) => credentialStore("/state", recordingLog(), files);
const identity: Course<Identity> = {
  open: openIdentity,
  first: emptyIdentity,
  values: lifeOfIdentity,
};

/** What a whole life has left, with the newest file damaged. */
function damagedImage(): FilesImage {
  const crash = crashFiles();
  const store = openIdentity(crash.files);
  const active = { ...emptyIdentity, active: credentialsOf("only one") };
  store.save(active);
  const [image] = [...crash.states(crash.count, () => 0)];
  return new Map(image).set("/state/credentials.json", Buffer.from("torn"));
}

const restored: Course<Identity> = {
  open: openIdentity,
  image: damagedImage(),
  first: { ...emptyIdentity, active: credentialsOf("only one") },
  values: lifeOfIdentity.slice(2, 5),
};

const ofRun = { stamp: "0.1.0", crashes: 0, safeMode: false };

const runs: Course<Run | null> = {
  open: (files) => {
    const record = runRecord("/state", recordingLog(), files);
    return { load: record.load, save: (run) => run && record.save(run) };
  },
  first: null,
  values: [
    { bootId: "a", clean: false, stamp: "1", crashes: 1, safeMode: false },
    { bootId: "a", clean: true, stamp: "1", crashes: 0, safeMode: false },
    { bootId: "b", clean: false, stamp: "2", crashes: 5, safeMode: true },
  ],
};

proof(
  5,
  "a power cut within any write of credentials leaves the old or the new ones",
  async ({ random }) => {
    const { fraction } = random;
    const seen = [
      everyState(identity, fraction),
      everyState(restored, fraction),
      everyState(runs, fraction),
    ];
    expect(seen.flatMap(({ wrong }) => wrong)).toEqual([]);
    const [states, operations] = [
      seen.reduce((sum, one) => sum + one.states, 0),
      seen.reduce((sum, one) => sum + one.operations, 0),
    ];
    return `every state of ${operations} operations, ${states}: always whole, old or new`;
  },
);

proof(5, "and on a disk that does not sync the same states show losses", async ({ random }) => {
  const { fraction } = random;
  const unsynced = everyState(identity, fraction, { ignores: "sync" });
  const unnamed = everyState(identity, fraction, { ignores: "syncFolder" });
  expect(unsynced.wrong.length).toBeGreaterThan(0);
  expect(unnamed.wrong.length).toBeGreaterThan(0);
  return `without fsync ${unsynced.wrong.length} of ${unsynced.states} states lose credentials, without that of the folder ${unnamed.wrong.length} of ${unnamed.states}`;
});
