import type { About, Clock, Host, Reading, Readings } from "../ports.ts";
import type { Timeline } from "../telemetry/timeline.ts";
import type { TimeSource } from "../telemetry/trust.ts";
import { type Board, fingerprintOf, readBoard } from "./board.ts";
import { bootTime } from "./boot-time.ts";
import { readCard } from "./card.ts";
import { hardwareModel } from "./hardware-model.ts";
import { textOrEmpty, textOrNull } from "./host-text.ts";
import type { LastStop } from "./last-stop.ts";
import { defaultInterface, mainAddress } from "./main-address.ts";
import { type OsRelease, osNameOf, osVersionOf, parseOsRelease } from "./os-release.ts";

/** What the agent knows of its own run. */
export interface RunFacts {
  /** Of the settings in force, see `configHash`. */
  readonly configHash: string;
  /** Where samples wait: "memory". */
  readonly storageMode: () => string;
  readonly lastStop: LastStop;
  /** Of the last outage that was told of. */
  readonly outageCause: () => string | null;
}

/** All that the attributes are made of, as it was read. */
export interface Facts {
  readonly run: RunFacts;
  readonly about: About;
  readonly board: Board;
  readonly model: string | null;
  readonly osRelease: OsRelease;
  readonly kernel: string | null;
  /** Interface of the default route. */
  readonly route: string | null;
  readonly bootTime: number | null;
  /** Why the clock is believed; null: it is not. */
  readonly timeSource: TimeSource | null;
  readonly card: Readings;
}

/** The client attributes that cost nothing to gather; what is not known is absent. docs/attributes.md lists them. */
export function attributesOf(facts: Facts): Readings {
  const { run, about, board, osRelease } = facts;
  const main = mainAddress(about.addresses(), facts.route);
  return known({
    agentVersion: about.version,
    hardwareModel: facts.model,
    hardwareId: fingerprintOf(board)?.value,
    osName: osNameOf(osRelease),
    osVersion: osVersionOf(osRelease),
    kernel: facts.kernel,
    architecture: about.architecture,
    hostname: board.hostname,
    ipAddress: main?.address,
    macAddress: main?.mac ?? board.macs[0],
    bootTime: facts.bootTime,
    timezone: about.timezone,
    configHash: run.configHash,
    storageMode: run.storageMode(),
    timeSource: facts.timeSource,
    lastStop: run.lastStop,
    outageCause: run.outageCause(),
    ...facts.card,
  });
}

export interface AttributeSourceDeps {
  readonly host: Host;
  readonly clock: Clock;
  readonly about: About;
  readonly run: RunFacts;
  readonly timeline: Pick<Timeline, "source">;
}

/** Reads the files and builds the attributes; each call anew, because addresses, host name and clock change. */
export function createAttributeSource(deps: AttributeSourceDeps): () => Promise<Readings> {
  const { host, clock, about, run, timeline } = deps;
  const text = (path: string) => textOrEmpty(host, path);
  let booted: number | null = null;
  return async () => {
    const board = await readBoard(host);
    const uptime = await text("/proc/uptime");
    const timeSource = timeline.source;
    booted = bootTime(timeSource === null ? null : clock.now(), uptime, booted);
    return attributesOf({
      run,
      about,
      board,
      model: await hardwareModel(host, board),
      osRelease: parseOsRelease(
        (await text("/etc/os-release")) || (await text("/usr/lib/os-release")),
      ),
      kernel: await textOrNull(host, "/proc/sys/kernel/osrelease"),
      route: defaultInterface(await text("/proc/net/route")),
      bootTime: booted,
      timeSource,
      card: await readCard(host),
    });
  };
}

const known = (values: Readonly<Record<string, Reading | null | undefined>>): Readings => {
  const found: Record<string, Reading> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") found[name] = value;
  }
  return found;
};
