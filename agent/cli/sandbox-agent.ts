import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runAgent } from "../app.ts";
import { type Config, defaultConfig } from "../config/config.ts";
import { systemClock } from "../platform/clock.ts";
import { createLog } from "../platform/log.ts";
import { openPlatform } from "../platform/platform.ts";
import { lockState } from "../platform/state-lock.ts";
import { openStatusFile } from "../platform/status-file.ts";
import { createServiceManager } from "../platform/systemd.ts";
import type { Journal, TakenSample } from "../ports.ts";
import { defaultProfile } from "../sandbox/profile.ts";
import { createStanding } from "../standing.ts";
import type { Invocation } from "./command.ts";
import { openJournalIn } from "./open-journal.ts";
import { openNetwork } from "./open-network.ts";
import type { SandboxServer } from "./sandbox-server.ts";
import { sysrootOf } from "./state-dir.ts";
import { version } from "./version.ts";

const INTERVAL_MS = 2_000;

/**
 * The real agent against the sandbox, in this process, until the shell's signal: nothing in it knows that the
 * server is a stand-in. Its state lives in `--state DIR`, or in a temporary folder that goes with it.
 * Resolves to the number of samples it accepted.
 */
export async function runSandboxAgent({ shell, options }: Invocation, server: Reachable) {
  using state = stateFolder(options["state"]);
  using _lock = lockState(state.directory);
  const log = createLog({
    level: "notice",
    journald: false,
    write: shell.err,
    secrets: shell.secrets,
  });
  let accepted = 0;
  const config = configFor(server);
  await using journal = await openJournalIn(
    join(state.directory, "journal"),
    config,
    log.child("journal"),
  );
  const counting: Journal = Object.create(journal, {
    append: {
      value: (sample: TakenSample) => {
        accepted++;
        return journal.append(sample);
      },
    },
  });
  const standing = createStanding();
  const publishSocket = join(state.directory, "publish.sock");
  await using platform = openPlatform({
    stateDir: state.directory,
    sysroot: sysrootOf(options),
    version,
    log,
    services: createServiceManager({ env: {}, log }),
    journal: counting,
    publishSocket,
    standing,
    allows: () => config.system,
  });
  const seen = { folder: state.directory, alwaysFresh: true, clock: systemClock };
  using board = openStatusFile({ ...seen, redact: shell.secrets.redact, log });
  shell.out(`agent     one sample every ${INTERVAL_MS / 1_000} s, state in ${state.directory}`);
  shell.out(`publish   pipit publish --socket ${publishSocket} doorOpen=true`);
  shell.out(`status    pipit status --runtime ${state.directory}`);
  try {
    const { signal } = shell;
    const run = { lastStop: "firstStart", safeMode: null } as const;
    using network = openNetwork(config, platform);
    const given = { signal, splay: false, standing, board, ...run };
    await runAgent(config, { ...platform, network }, given);
  } catch (error) {
    if (!shell.signal.aborted) throw error;
  }
  return { accepted, waiting: journal.stats().waiting };
}

type Reachable = Pick<SandboxServer, "url" | "caFile">;

const configFor = ({ url, caFile }: Reachable): Config => ({
  ...defaultConfig,
  server: { ...defaultConfig.server, url, ca_file: caFile },
  provisioning: {
    ...defaultConfig.provisioning,
    key: defaultProfile.key,
    secret: defaultProfile.secret,
  },
  telemetry: { ...defaultConfig.telemetry, interval: INTERVAL_MS, phase: 0 },
  // The server lies in the same process: their clocks are one.
  clock: { ...defaultConfig.clock, trust: "always" },
});

function stateFolder(given: string | boolean | undefined) {
  if (typeof given === "string") return { directory: given, [Symbol.dispose]() {} };
  const directory = mkdtempSync(join(tmpdir(), "pipit-sandbox-"));
  return {
    directory,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}
