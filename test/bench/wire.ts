/**
 * npm run bench -- --wire [--short] [--json] [--install]
 *
 * What a report costs by coap://, by coaps:// and by MQTT over TLS: bytes of IP, and processor time in the full form. bench.ts
 * runs this in a network namespace of its own. Exits 1 when a result is impossible, 2 when nothing could be measured.
 * docs/benchmark.md
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeFlags } from "../../build/node-flags.ts";
import { sharedRun, shortRun } from "./budget.ts";
import { untilCalm } from "./calm.ts";
import {
  buildFloor,
  type Contender,
  type Helper,
  onNode,
  preparePipit,
  startFloor,
  startHelper,
} from "./contenders.ts";
import { measureHandshakes } from "./handshakes.ts";
import { atRest, since, type Traffic } from "./links.ts";
import { benchProgram, options, say } from "./program.ts";
import type { Job } from "./sender.ts";
import { openStage, type Place } from "./stage.ts";
import { demandPlausible, validWindows } from "./windows.ts";
import { impossibleIn, type Name, type WireResult, wireTable } from "./wire-table.ts";
import { measureWire } from "./wire-window.ts";

const run = options.short ? { ...shortRun, reports: 10 } : sharedRun;
/** One report a second says nothing about one every ten, and bytes are the same on a busy machine. */
const withCpu = !options.short;
/** Of handshakes: one for the bytes, the others for the processor time. */
const ROUNDS = 12;
const { intervalMs } = run;
/** Each contender has a part of the interval for itself. */
const PARTS = 6;

/** Each window has processes of its own: what one costs differs from what the next one does. */
async function measure(folder: string): Promise<WireResult> {
  const program = withCpu ? buildFloor(folder) : null;
  if (withCpu) await untilCalm(say);
  await using stage = await openStage(folder, intervalMs);
  const { places, spare, own, trust } = stage;
  const handshakes = await measureHandshakes(spare, { folder, own, trust }, withCpu ? ROUNDS : 1);
  const runPipit = await preparePipit(places.pipitCoap.start);
  const runSecurely = await preparePipit(places.pipitCoaps.start, places.pipitCoaps.trust);

  const measured = await validWindows(run.windows, say, async () => {
    await using running = new AsyncDisposableStack();
    const pipit = running.use(runPipit());
    await sleep(intervalMs / PARTS); // they beat alike: the phase is that of the machine
    const secure = running.use(runSecurely());
    const warm = async (contender: Contender, place: Place) => {
      for (let report = 1; report <= run.warmUp; report++) await nextOf(contender, place);
    };
    await Promise.all([warm(pipit, places.pipitCoap), warm(secure, places.pipitCoaps)]);

    const { json } = await nextOf(pipit, places.pipitCoap);
    const payloadFile = join(folder, "report.json");
    writeFileSync(payloadFile, json);
    const connected = async (protocol: Job["protocol"]): Promise<[Helper, Traffic]> => {
      const { link, start, trust } = places[protocol];
      const { host = "", port, token, through = [] } = start;
      const job: Job = { protocol, host, port, token, intervalMs, payloadFile, trust };
      const before = link.traffic();
      const [node = "", ...program] = onNode("sender.ts", JSON.stringify(job));
      // Pipit's, or V8 would tidy its idle heap up in one window and not in another, for several times what a report takes.
      const sender = running.use(startHelper([...through, node, ...nodeFlags, ...program]));
      await sender.says(/^ready$/);
      await atRest(link); // acknowledgements and session tickets come after CONNACK
      return [sender, since(before, link.traffic())];
    };
    const [coap] = await connected("coap");
    const [coaps] = await connected("coaps");
    const [mqtts, mqttsSetUp] = await connected("mqtts");

    const contenders: Partial<Record<Name, Contender>> = {
      pipitCoap: pipit,
      pipitCoaps: secure,
      coap,
      coaps,
      mqtts,
    };
    await nextOf(pipit, places.pipitCoap);
    await sleep(intervalMs / PARTS); // that of the other Pipit
    for (const sender of [coap, coaps, mqtts]) {
      await sleep(intervalMs / PARTS);
      sender.tell("go");
    }
    if (program !== null) {
      await sleep(intervalMs / PARTS);
      contenders.floor = running.use(startFloor(program, places.floor.start, json.length));
    }

    const window = await measureWire(contenders, places, run);
    if (window.floor) demandPlausible(window.floor.cpuMs, run.plausibleFloorMs);
    // What they have delivered is not sent again by the next ones.
    await Promise.all([pipit.end(), secure.end()]);
    return { window, mqttsSetUp };
  });
  const windows = measured.map(({ window }) => window);
  const mqtts = fewestBytes(measured.map(({ mqttsSetUp }) => mqttsSetUp));
  return {
    windows,
    setUps: { ...handshakes.traffic, mqtts },
    handshakeCpu: handshakes.cpu,
    withCpu,
  };
}

/** Without what TCP has sent for its own reasons, an acknowledgement apart from its data for one. */
function fewestBytes(all: readonly Traffic[]): Traffic {
  const bytes = ({ up, down }: Traffic) => up.bytes + down.bytes;
  const [fewest] = all.toSorted((a, b) => bytes(a) - bytes(b));
  if (!fewest) throw new Error("no session was set up");
  return fewest;
}

const nextOf = (contender: Contender, { server, start }: Place) =>
  Promise.race([server.next(start.token, 3 * intervalMs + 10_000), contender.failure()]);

await benchProgram("wire", "impossible", async (folder) => {
  const result = await measure(folder);
  return { result, table: wireTable(result), broken: impossibleIn(result) };
});
