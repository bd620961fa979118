import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { openJournal } from "../../agent/journal/journal.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import { DRAIN_PLACES } from "../../agent/telemetry/publisher.ts";
import { wideBounds } from "../support/a-journal.ts";
import { boardReadings } from "../support/board-readings.ts";
import { plainDisk } from "../support/plain-disk.ts";
import { publishingRig } from "../support/publishing-rig.ts";
import { recordingLog } from "../support/recording-log.ts";
import { telemetryServer } from "../support/telemetry-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

/** Of a CoAP request (agent/coap/settings.ts). */
const PROBE_DEADLINE_MS = 30_000;
const INTERVAL_MS = 10_000;
const ROUND_TRIP_MS = 50;
const MB = 1_000_000;
/** Well below [outbox] max_size, 64 MB; how much it was is in row 10 of docs/reliability.md. */
const MOST_ON_DISK_BYTES = 40 * MB;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const heapAfterGc = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

proof(
  10,
  "a week without a server waits on the disk, and drains beside live data",
  async ({ random, count }) => {
    const samples = count(60_480);
    const clock = virtualClock();
    const folder = temporaryFolder();
    await using journal = await openJournal({
      disk: segmentFolder(join(folder, "journal"), plainDisk),
      bounds: { ...wideBounds, maxBytes: 64 * MB },
      windowMs: 0,
      bootId: "this-boot",
      clock,
      random,
      log: recordingLog(),
    });
    const rig = publishingRig({
      ...{ clock, random, journal },
      intervalMs: INTERVAL_MS,
      roundTripMs: ROUND_TRIP_MS,
    });
    const next = boardReadings(random.fraction);
    const firstTs = clock.now();
    const heapBefore = heapAfterGc();

    for (let n = 0; n < samples; n++) {
      await rig.accept(next());
      await clock.advance(INTERVAL_MS);
    }
    const waiting = heapAfterGc() - heapBefore;
    const onDisk = readdirSync(join(folder, "journal"))
      .map((file) => statSync(join(folder, "journal", file)).size)
      .reduce((sum, size) => sum + size, 0);
    expect(journal.stats()).toMatchObject({ waiting: samples, dropped: 0, storage: "disk" });
    expect(onDisk).toBeLessThanOrEqual(MOST_ON_DISK_BYTES);

    // The server is back: samples go on every 10 s until the backlog is gone.
    const indexOf = (ts: number) => (ts - firstTs) / INTERVAL_MS;
    let taken = samples;
    const times = new Uint8Array(samples + 20_000);
    const drain = { beganMs: 0, endedMs: 0, liveFrom: 0, messages: 0, backlog: 0, lateMs: 0 };
    using server = telemetryServer({
      ...{ network: rig.network, address: rig.server },
      judge: () => "2.01",
    });
    server.onPost.push(({ records }) => {
      const nowMs = clock.monotonic();
      if (drain.messages === 0) {
        // Up to the next probe nobody knew that it is back. A probe holds the newest sample of when it left, and may have
        // been under way, lost and sent again, up to its deadline; from that sample on, data is live.
        const liveFrom = indexOf(records[0]?.ts ?? 0);
        Object.assign(drain, { beganMs: nowMs, liveFrom });
        expect(liveFrom).toBeGreaterThanOrEqual(taken - 1 - PROBE_DEADLINE_MS / INTERVAL_MS);
      }
      drain.messages++;
      for (const { ts, values } of records) {
        expect(Object.keys(values)).toHaveLength(30);
        const index = indexOf(ts);
        times[index] = (times[index] ?? 0) + 1;
        if (index < drain.liveFrom)
          Object.assign(drain, { backlog: drain.backlog + 1, endedMs: nowMs });
        else if (index > drain.liveFrom) drain.lateMs = Math.max(drain.lateMs, clock.now() - ts);
      }
    });
    const takeOne = async () => {
      await rig.accept(next());
      taken++;
      await clock.advance(INTERVAL_MS);
    };
    let mostHeap = 0;
    while (drain.messages === 0 || drain.backlog < drain.liveFrom) {
      await takeOne();
      if (taken % 10 === 0) mostHeap = Math.max(mostHeap, heapAfterGc() - heapBefore);
    }
    // The tokens of the last four minutes are remembered (EXCHANGE_LIFETIME), and then forgotten.
    for (let n = 0; n < 30; n++) await takeOne();
    const left = heapAfterGc() - heapBefore;

    expect(journal.stats()).toMatchObject({ waiting: 0, dropped: 0 });
    expect(times.subarray(0, taken).every((count) => count === 1)).toBe(true);
    expect(times.subarray(taken).every((count) => count === 0)).toBe(true);
    const seconds = (drain.endedMs - drain.beganMs) / 1_000;
    const perSecond = drain.messages / seconds;
    const share = perSecond / (DRAIN_PLACES / (ROUND_TRIP_MS / 1_000));
    const late = drain.lateMs / INTERVAL_MS;
    const batch = taken / drain.messages;
    expect(waiting).toBeLessThan(5 * MB);
    expect(left).toBeLessThan(8 * MB);
    expect(share).toBeGreaterThanOrEqual(0.6);
    expect(late).toBeLessThanOrEqual(2);
    expect(await rig.end()).toMatchObject({ message: "stopped" });
    return [
      `${samples} samples, ${(onDisk / MB).toFixed(1)} MB on the disk`,
      `drained in ${seconds.toFixed(0)} s, ${perSecond.toFixed(1)} messages/s of ${batch.toFixed(2)} samples: ${(share * 100).toFixed(0)} % of W/RTT`,
      `live data late by ${late.toFixed(3)} intervals at most`,
      `heap +${(waiting / MB).toFixed(1)} MB waiting, +${(mostHeap / MB).toFixed(1)} MB draining, +${(left / MB).toFixed(1)} MB afterwards`,
    ].join("; ");
  },
);
