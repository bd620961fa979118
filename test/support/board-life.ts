import { AgentError } from "../../agent/errors.ts";
import { createHealth } from "../../agent/health.ts";
import { type DurableJournal, openJournal } from "../../agent/journal/journal.ts";
import { segmentFolder } from "../../agent/platform/segment-folder.ts";
import type { Moment, TakenSample } from "../../agent/ports.ts";
import { createDeadband } from "../../agent/telemetry/deadband.ts";
import { createOutbox } from "../../agent/telemetry/outbox.ts";
import { createPublisher } from "../../agent/telemetry/publisher.ts";
import { createSampler } from "../../agent/telemetry/sampler.ts";
import { startSampling } from "../../agent/telemetry/sampling.ts";
import { createTimeline, type Timeline } from "../../agent/telemetry/timeline.ts";
import { watchUntilTrusted } from "../../agent/telemetry/until-trusted.ts";
import { createDeviceApi } from "../../agent/thingsboard/device-api.ts";
import { sleep } from "../../agent/timing.ts";
import { createVitals } from "../../agent/vitals.ts";
import { plainPace, wideBounds } from "./a-journal.ts";
import { aSource } from "./a-source.ts";
import { crashDisk, type DiskImage } from "./crash-disk.ts";
import { answer, fakeServer, textOf } from "./fake-server.ts";
import { recordingLog } from "./recording-log.ts";
import { seededRandom } from "./seeded-random.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export const INTERVAL_MS = 10_000;
const RETRY_MS = 10_000;

/** A sample as it was accepted; the reading `n` tells it from all others. */
export interface Accepted {
  readonly n: number;
  readonly boot: number;
  readonly taken: Moment;
  /** What a perfect clock would have shown. */
  readonly trueMs: number;
}

/** Every message with a sample that reached the server, repeats too. */
export interface Arrival {
  readonly n: number;
  readonly ts: number;
  /** What the board's clock showed then. */
  readonly boardMs: number;
}

export type Link = "up" | "down" | "loses answers";

export interface BoardLife {
  readonly accepted: readonly Accepted[];
  readonly arrivals: readonly Arrival[];
  /** Starts the machine: a new boot id, and a wall clock as it then is. */
  boot(given: BootGiven): Promise<RunningBoard>;
}

export interface BootGiven {
  readonly trueMs: number;
  readonly wallMs: number;
}

export interface RunningBoard {
  readonly clock: VirtualClock;
  readonly timeline: Timeline;
  readonly journal: DurableJournal;
  link: Link;
  isSynchronised: boolean;
  /** The agent alone is started anew: same boot. */
  restart(): Promise<void>;
  /** Power is cut. */
  cut(): Promise<void>;
}

/** One board with its card, over many boots: sampler, journal, outbox and publisher are real, time and server are not. */
export function boardLife({ seed, builtMs }: { seed: number; builtMs: number }): BoardLife {
  const accepted: Accepted[] = [];
  const arrivals: Arrival[] = [];
  // One for all: a segment that began with the number of an earlier one would believe what is left of it.
  const random = seededRandom(seed);
  let image: DiskImage = new Map();
  let boots = 0;
  let n = 0;

  const boot = async ({ trueMs, wallMs }: BootGiven): Promise<RunningBoard> => {
    const clock = virtualClock(wallMs);
    const bootedMs = trueMs - clock.monotonic();
    const number = ++boots;
    const bootId = `boot-${number}`;
    const crash = crashDisk(image);
    const state = { link: "up" as Link, isSynchronised: false };
    let stop = new AbortController();
    const log = recordingLog();

    const start = async () => {
      stop = new AbortController();
      const { signal } = stop;
      const journal = await openJournal({
        disk: segmentFolder("/journal", crash.disk),
        bounds: wideBounds,
        windowMs: 0,
        bootId,
        clock,
        random,
        log,
      });
      const recording = Object.assign(Object.create(journal) as DurableJournal, {
        async append(sample: TakenSample) {
          const id = await journal.append(sample);
          const { taken, readings } = sample;
          const trueNowMs = bootedMs + clock.monotonic();
          accepted.push({ n: Number(readings["n"]), boot: number, taken, trueMs: trueNowMs });
          return id;
        },
      });
      const timeline = createTimeline({
        clock,
        boot: { bootId, builtMs, isSynchronised: () => state.isSynchronised },
        journal: recording,
        trust: "auto",
        waitMs: 60_000,
        log,
      });
      const outbox = createOutbox({ journal: recording, timeline, liveFirst: true });
      const server = fakeServer((request) => {
        if (state.link === "down") return new AgentError("transient", "no route");
        const sent: { ts: number; values: { n: number } }[] = [JSON.parse(textOf(request))].flat();
        for (const { ts, values } of sent) arrivals.push({ n: values.n, ts, boardMs: clock.now() });
        return state.link === "up" ? answer("2.01") : new AgentError("transient", "no answer");
      });
      const serialise = { precision: 3, isDecimal: () => false };
      const api = createDeviceApi(server);
      const publisher = createPublisher({
        ...plainPace,
        api,
        outbox,
        serialise,
        clock,
        random,
        log,
      });
      const deadband = createDeadband({ deadband: 0, maxSilenceMs: 1e9, intervalMs: INTERVAL_MS });
      const { stamp } = timeline;
      const health = createHealth();
      const watching = watchUntilTrusted(clock, timeline);
      const beats = await startSampling(
        {
          sources: {
            fixed: [aSource({ name: "count", collect: async () => ({ n: ++n }) })],
            found: async () => [],
          },
          sampler: createSampler({ clock, stamp, deadband, health, log }),
          ...{ deadband, outbox, clock, log, jobs: [], inventory() {} },
          calendar: { next: () => Number.POSITIVE_INFINITY },
          vitals: createVitals(clock),
          pace: { intervalMs: INTERVAL_MS, phase: 0, hardwareId: "1" },
        },
        signal,
        (bug) => {
          throw bug;
        },
      );
      signal.addEventListener("abort", () => {
        beats[Symbol.dispose]();
        watching[Symbol.dispose]();
      });
      const sending = (async () => {
        while (!signal.aborted) {
          await outbox.waiting(signal);
          try {
            await publisher.publish({ accessToken: "token" }, signal);
          } catch (error) {
            if (!(error instanceof AgentError)) throw error;
            await sleep(clock, RETRY_MS, signal);
          }
        }
      })().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      return { timeline, journal, sending };
    };

    let running = await start();
    const halt = async () => {
      await clock.settle();
      stop.abort(new Error("stopped"));
      await running.sending;
    };
    return {
      clock,
      get timeline() {
        return running.timeline;
      },
      get journal() {
        return running.journal;
      },
      get link() {
        return state.link;
      },
      set link(link) {
        state.link = link;
      },
      get isSynchronised() {
        return state.isSynchronised;
      },
      set isSynchronised(isSynchronised) {
        state.isSynchronised = isSynchronised;
      },
      async restart() {
        await halt();
        await running.journal[Symbol.asyncDispose]();
        running = await start();
      },
      async cut() {
        await halt();
        image = [...crash.states(crash.count, () => 0.5)].at(-1) ?? image;
      },
    };
  };
  return { accepted, arrivals, boot };
}
