import { CoapError } from "../../agent/coap/coap-error.ts";
import { runDevice } from "../../agent/device/device.ts";
import { createOutages, lastOutageCause } from "../../agent/device/outages.ts";
import { createSituation } from "../../agent/device/situation.ts";
import { openJournal } from "../../agent/journal/journal.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Reading } from "../../agent/ports.ts";
import { createStanding } from "../../agent/standing.ts";
import { createOutbox } from "../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../agent/telemetry/publisher.ts";
import { createTimeline } from "../../agent/telemetry/timeline.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { sleep } from "../../agent/timing.ts";
import { createVitals } from "../../agent/vitals.ts";
import { plainPace, wideBounds } from "./a-journal.ts";
import { crashDisk } from "./crash-disk.ts";
import { answer, fakeServer, textOf } from "./fake-server.ts";
import { recordingLog } from "./recording-log.ts";
import { seededRandom } from "./seeded-random.ts";
import { virtualClock } from "./virtual-clock.ts";

/** Samples are so far apart. */
export const INTERVAL_MS = 10_000;
const ROUND_TRIP_MS = 1_000;

interface Arrival {
  /** Wall clock, when the answer arrived. */
  readonly atMs: number;
  readonly ts: number;
  readonly values: Readonly<Record<string, Reading>>;
}

/**
 * The device loop with its journal on a simulated disk, a server that can be taken away, and time that passes when told. A run
 * can be killed, and another one started on what it left.
 */
export function outageRig(seed: number, maxBytes = wideBounds.maxBytes) {
  const clock = virtualClock();
  const { disk } = crashDisk();
  const random = seededRandom(seed);
  const arrivals: Arrival[] = [];
  const accepted: { readonly ts: number; readonly atMs: number }[] = [];
  let boots = 0;
  const away: { now: Error | string | null; tries: number } = { now: null, tries: 0 };
  const server = fakeServer(async (request) => {
    if (away.now !== null) {
      away.tries++;
      return typeof away.now === "string" ? answer(away.now) : away.now;
    }
    const asking = boots;
    await sleep(clock, ROUND_TRIP_MS, new AbortController().signal);
    if (boots !== asking) return new CoapError("cancelled", "the run was killed meanwhile");
    const payload = JSON.parse(textOf(request));
    for (const { ts, values } of Array.isArray(payload) ? payload : [payload])
      arrivals.push({ atMs: clock.now(), ts, values });
    return answer("2.01");
  });
  const credentials = { server: "tb", fingerprint: null, deviceName: "d", accessToken: "t" };
  const never = () => Promise.reject(new Error("nobody provisions here"));
  const provisioner = {
    ...{ canProvision: false, attempt: never, renew: never, adopt: never },
    stored: () => credentials,
    proven() {},
    release() {},
    ...{ rotate: never, candidate: () => null, retryCandidate: never, onRotated() {} },
  };

  const start = async () => {
    const log = recordingLog();
    const boot = { bootId: `boot-${boots}`, builtMs: 0, isSynchronised: () => true };
    const bounds = { ...wideBounds, maxBytes };
    const store = segmentFolder("/journal", disk);
    const { bootId } = boot;
    const opened = { disk: store, bounds, windowMs: 0, bootId, clock, random, log };
    const journal = await openJournal(opened);
    const timeline = createTimeline({ clock, boot, journal, trust: "always", waitMs: 0, log });
    timeline.check();
    const plain = createOutbox({ journal, timeline, liveFirst: true });
    const thresholds = { thresholdMs: 60_000, offThresholdMs: 60_000, onReport() {} };
    const watched = { journal, outbox: plain, timeline, boot, clock, ...thresholds, log };
    const { outbox, ...outages } = createOutages(watched);
    const standing = createStanding();
    const situation = createSituation({ clock, standing, outages });
    const api = createDeviceApi(server);
    const serialise = { precision: 3, isDecimal: () => false };
    const sending = { api, outbox, serialise, onServerFault: situation.hindered };
    const publisher = createPublisher({ ...plainPace, ...sending, clock, random, log });
    const stop = new AbortController();
    const silent = { ready() {}, status() {}, watchdogMs: null, watchdog() {}, stopping() {} };
    const attributes = { afterDelivery: async () => {} };
    const world = { clock, random, vitals: createVitals(clock), services: silent, log };
    runDevice(
      {
        ...{ provisioner, publisher, outbox, attributes, situation, ...world },
        onRevoked: "wait",
        splayMs: { provisioning: 0, telemetry: 0 },
      },
      stop.signal,
    ).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    let timer: Disposable;
    const take = () => {
      timer = clock.after(INTERVAL_MS, take);
      const taken = timeline.stamp();
      const pad = Buffer.from(random.bytes(48)).toString("hex");
      void plain.accept({ taken, readings: { pad } }).then(() => {
        accepted.push({ ts: taken.ts ?? 0, atMs: clock.now() });
      });
    };
    take();
    return {
      ...{ journal, situation, standing, log },
      cause: () => lastOutageCause(journal),
      /** No samples are taken until `resume`. */
      pause: () => timer[Symbol.dispose](),
      resume: () => take(),
      /** As SIGKILL does: what is not on the disk by now never gets there. */
      async kill() {
        timer[Symbol.dispose]();
        stop.abort();
        boots++;
        await clock.settle();
      },
    };
  };
  const reports = () => arrivals.filter(({ values }) => "agentGapSeconds" in values);
  return { clock, random, away, arrivals, accepted, reports, start };
}
