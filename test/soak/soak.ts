/**
 * npm run soak [-- [--minutes 10] [--interval 1s] [--seed N] [--json]]
 *
 * The executable for so long, behind a proxy whose weather changes, against the sandbox: what of memory, descriptors and threads stays,
 * and whether every sample that it took has arrived. Exits 1 when something has stayed or is lost, 2 when nothing could be measured.
 * docs/soak.md
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, parseArgs } from "node:util";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { buildPipit, executable, serviceEnvironment, startProgram } from "../bench/contenders.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { waitingIn } from "../support/whereabouts.ts";
import { type Look, lookAt } from "./look.ts";
import { handInNumbers } from "./program.ts";
import { judge, leastLeak, tableOf } from "./soak-verdict.ts";
import { course, noServerFaults } from "./weather.ts";

const LOOK_EVERY_MS = 2_000;
const DEVICE = "soaked";
const PATIENCE_MS = 60_000;
/** The inventory's child has ended, and the code is there that runs from now on. */
const WARM_UP_MS = 30_000;

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    interval: { type: "string", default: "1s" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    json: { type: "boolean", default: false },
  },
});

function positive(name: "minutes" | "interval" | "seed", unit = ""): number {
  const number = new RegExp(`^(\\d{1,9})${unit}$`).exec(options[name])?.[1];
  if (number !== undefined && Number(number) > 0) return Number(number);
  const message = `soak: --${name} takes a whole number${unit && ` and "${unit}"`}, not "${options[name]}"\n`;
  process.stderr.write(message);
  process.exit(64);
}

const minutes = positive("minutes");
const interval = `${positive("interval", "s")}s`;
const seed = positive("seed");
const say = (text: string) => void process.stderr.write(`soak: ${text}\n`);

async function soak(folder: string) {
  await using server = await startSandbox({ httpPort: null, seed, keepPoints: 1e6 });
  const upstream = { host: "127.0.0.1", port: server.port };
  await using proxy = await startFaultProxy({ upstream, seed });
  const [config, stateDir] = [join(folder, "pipit.toml"), join(folder, "state")];
  const toml = [
    `[server]\nurl = "coap://127.0.0.1:${proxy.port}"`,
    `[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "${DEVICE}"`,
    `[clock]\ntrust = "always"\n[telemetry]\ninterval = "${interval}"\n`,
  ].join("\n");
  writeFileSync(config, toml, { mode: 0o600 });
  await using agent = startProgram([executable, "run", "--config", config, "--state", stateDir], {
    ...serviceEnvironment(),
    RUNTIME_DIRECTORY: folder,
  });
  const broken = Promise.withResolvers<never>();
  const failure = Promise.race([agent.failure(), broken.promise]);
  const pass = (ms: number) => Promise.race([sleep(ms), failure]);

  const socket = join(folder, "publish.sock");
  for (let waitedMs = 0; !existsSync(socket); waitedMs += 100) {
    if (waitedMs > PATIENCE_MS) throw new Error(`${socket} does not come`);
    await pass(100);
  }
  const program = handInNumbers(socket, broken.reject);
  await pass(WARM_UP_MS);
  const looks: Look[] = [];
  const startedMs = performance.now();
  const reports = () => server.state().devices[DEVICE]?.telemetry.samples ?? 0;
  const look = (weather: string) => {
    const atS = Math.round((performance.now() - startedMs) / 1_000);
    looks.push({ atS, weather, reports: reports(), ...lookAt(agent.pid) });
  };
  for (const { name, share, link, server: faults } of course) {
    proxy.setFaults(link);
    server.setFaults({ ...noServerFaults, ...faults });
    say(`${name}, for ${Math.round(share * minutes * 60)} s`);
    const untilMs = performance.now() + share * minutes * 60_000;
    while (performance.now() < untilMs) {
      await pass(LOOK_EVERY_MS);
      look(name);
    }
  }
  program.stop();
  const exit = await agent.end();
  const { entries } = await waitingIn(stateDir);
  const stored = server.state().devices[DEVICE]?.telemetry.keys["n"]?.recent ?? [];
  const there = new Set(
    [...stored.map(({ value }) => value), ...entries.map(({ readings }) => readings["n"])].map(
      Number,
    ),
  );
  const lost = program.accepted.difference(there).size;
  return { looks, account: { accepted: program.accepted.size, lost, exit } };
}

const folder = mkdtempSync(join(tmpdir(), "pipit-soak-"));
try {
  buildPipit();
  say(
    `${minutes} minutes, a sample every ${interval} and one of a program every second, seed ${seed}`,
  );
  const { looks, account } = await soak(folder);
  const lines = judge(looks, account);
  const least = leastLeak(looks);
  if (options.json) process.stdout.write(`${JSON.stringify({ seed, looks, account, lines })}\n`);
  else
    process.stdout.write(
      `${tableOf(lines)}\na leak of less than ${least} bytes a report would not show in so short a run\n`,
    );
  process.exitCode = lines.every(({ kept }) => kept) ? 0 : 1;
} catch (error) {
  say(`no result: ${inspect(error)}`);
  process.exitCode = 2;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
