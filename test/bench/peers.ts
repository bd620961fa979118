import { setTimeout as sleep } from "node:timers/promises";
import { type Acker, startAcker } from "./acker.ts";
import { sharedRun, shortRun } from "./budget.ts";
import { untilCalm } from "./calm.ts";
import { buildFloor, type Contender, preparePipit, startFloor } from "./contenders.ts";
import { ownDisk } from "./own-disk.ts";
import {
  type Delivered,
  startAiocoap,
  startCoapthon,
  startCollectd,
  startExporter,
  startPython,
  startShell,
  startUsual,
} from "./peer-contenders.ts";
import {
  gateNames,
  notBehind,
  type OfPeers,
  type PeerFigures,
  type PeerMeasurement,
  type PeerName,
  peerLabels,
  peerLines,
  peerNames,
  peersTable,
} from "./peers-table.ts";
import { benchProgram, options, say } from "./program.ts";
import { tokenOf } from "./token.ts";
import { largest, memoryOf, usageOf, writtenBy } from "./usage.ts";
import { InvalidWindow } from "./window.ts";
import { demandPlausible, validWindows } from "./windows.ts";

const shorter = { ...shortRun, reports: 10, intervalMs: options.gate ? 2_000 : 5_000, warmUp: 3 };
/** Of nine windows the median's interval leaves one out at each end (`noiseOf`). */
const run = options.short || options.gate ? shorter : { ...sharedRun, windows: 9 };
const names = options.gate ? gateNames : peerNames;
const { intervalMs, reports } = run;
/** Each contender has one, and at the end of the interval all are looked at. */
const PARTS = names.length + 2;

interface Running {
  readonly contender: Contender;
  delivered(): Delivered;
}

/** Each window has processes of its own: what one costs differs from what the next one does. */
async function measure(folder: string): Promise<PeerMeasurement> {
  const floor = buildFloor(folder);
  // Where the samples go: what else writes to this machine's disk does not count.
  using disk = process.getuid?.() === 0 ? ownDisk(folder) : null;
  await untilCalm(say);
  await using acker = await startAcker(names.map(tokenOf));
  const start = (name: PeerName) => ({
    folder,
    port: acker.port,
    token: tokenOf(name),
    intervalMs,
  });
  const runPipit = await preparePipit({ ...start("pipit"), folder: disk?.folder ?? folder });

  const measured = await validWindows(run.windows, say, async () => {
    await using running = new AsyncDisposableStack();
    const byCoap = (name: PeerName, contender: Contender): Running => ({
      contender: running.use(contender),
      delivered: () => deliveredBy(acker, tokenOf(name)),
    });
    const beat = (limitMs = 3 * intervalMs + 10_000) =>
      Promise.race([acker.next(tokenOf("pipit"), limitMs), pipit.contender.failure()]);

    const pipit = byCoap("pipit", runPipit());
    for (let report = 1; report < run.warmUp; report++) await beat();
    const { json } = await beat();
    const starts: Readonly<Record<Exclude<PeerName, "pipit">, () => Promise<Running> | Running>> = {
      floor: () => byCoap("floor", startFloor(floor, start("floor"), json.length)),
      coapthon: () => byCoap("coapthon", startCoapthon(start("coapthon"))),
      aiocoap: () => byCoap("aiocoap", startAiocoap(start("aiocoap"))),
      python: () => byCoap("python", startPython(start("python"))),
      shell: () => byCoap("shell", startShell(start("shell"))),
      usual: () => byCoap("usual", startUsual(start("usual"))),
      collectd: async () => running.use(await startCollectd(folder, intervalMs)),
      exporter: async () => running.use(await startExporter(intervalMs)),
    };
    const others = new Map<PeerName, Running>();
    for (const name of names) {
      if (name === "pipit") continue;
      await sleep(intervalMs / PARTS);
      others.set(name, await starts[name]());
    }
    const contenderOf = (name: PeerName): Running => others.get(name) ?? pipit;
    await beat(); // by the next one, too, each of them has sent its first

    /** At the end of an interval, when all of them sleep. */
    const look = async () => {
      await beat();
      await sleep((intervalMs * (PARTS - 1)) / PARTS);
      return eachPeer((name) => ({
        ...lookAt(contenderOf(name)),
        written:
          name === "pipit"
            ? (disk?.bytesWritten() ?? null)
            : writtenBy(contenderOf(name).contender.pid),
      }));
    };
    const before = await look();
    for (let report = 1; report < reports; report++) await beat();
    const after = await look();
    const window = eachPeer((name) => figuresOf(name, before[name], after[name]));
    demandPlausible(window.floor.cpuMs, run.plausibleFloorMs);
    const memory = eachPeer((name) => memoryOf(contenderOf(name).contender.pid));
    await pipit.contender.end(); // what it has delivered is not sent again by the next one
    return { window, memory };
  });
  return {
    windows: measured.map(({ window }) => window),
    memory: eachPeer((name) => largest(measured.flatMap(({ memory }) => memory[name] ?? []))),
  };
}

function eachPeer<T>(of: (name: PeerName) => T): OfPeers<T> {
  const others = names.filter((name) => name !== "floor" && name !== "pipit");
  const theirs = Object.fromEntries(others.map((name) => [name, of(name)]));
  return { floor: of("floor"), pipit: of("pipit"), ...theirs };
}

const deliveredBy = (acker: Acker, token: string): Delivered => {
  const sent = acker.reports(token);
  return { reports: sent.length, bytes: sent.reduce((total, { bytes }) => total + bytes, 0) };
};

const lookAt = ({ contender, delivered }: Running) => ({
  ...usageOf(contender.pid),
  ...delivered(),
});

type Look = ReturnType<typeof lookAt> & { readonly written: number | null };

function figuresOf(name: PeerName, from?: Look, to?: Look): PeerFigures {
  if (from === undefined || to === undefined) throw new Error(`nobody has looked at ${name}`);
  const sent = to.reports - from.reports;
  if (sent !== reports)
    throw new InvalidWindow(`${peerLabels[name]}: ${sent} reports instead of ${reports}`);
  return {
    cpuMs: (to.cpuMs - from.cpuMs) / reports,
    bytes: (to.bytes - from.bytes) / reports,
    writtenBytes:
      from.written === null || to.written === null ? null : (to.written - from.written) / reports,
    hadChildren: from.childFaults !== to.childFaults || to.children > from.children,
  };
}

await benchProgram("peers", "costs less than Pipit", async (folder) => {
  const measured = await measure(folder);
  const lines = peerLines(measured);
  return {
    result: { run, ...measured, lines },
    table: `${reports} reports every ${intervalMs / 1_000} s, ${run.windows} windows\n${peersTable(lines)}`,
    broken: notBehind(lines, names),
  };
});
