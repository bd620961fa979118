import { abortingWith } from "../aborting.ts";
import { runAgent } from "../app.ts";
import type { Config } from "../config/config.ts";
import { standingWarnings } from "../config/standing-warnings.ts";
import { readBoard } from "../device/board.ts";
import { markStart } from "../device/run-marks.ts";
import { inSafeMode, safeConfig, stampOf } from "../device/safe-mode.ts";
import { unwritableState } from "../device/unwritable-state.ts";
import { AgentError, kindOf } from "../errors.ts";
import { noCalendar, openCalendar } from "../platform/calendar.ts";
import { systemClock } from "../platform/clock.ts";
import { noteDamage } from "../platform/damage.ts";
import { createHost } from "../platform/host.ts";
import { openPlatform } from "../platform/platform.ts";
import { tightenState } from "../platform/state-modes.ts";
import { openStatusFile } from "../platform/status-file.ts";
import { createServiceManager } from "../platform/systemd.ts";
import type { Logger } from "../ports.ts";
import { createStanding, type Standing } from "../standing.ts";
import { agentLog, protectSecrets } from "./agent-log.ts";
import type { Command, Shell } from "./command.ts";
import { sayDegraded, sayExposed, sayRefused } from "./config-degradation.ts";
import { deviceCertificates } from "./device-certificates.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { type LoadedConfig, loadConfig, reportProblems, saveLastGood } from "./load-config.ts";
import { lockOrGoOn } from "./lock-or-go-on.ts";
import { boundsOf, openJournalIn } from "./open-journal.ts";
import { openNetwork } from "./open-network.ts";
import { openOwnJournal } from "./own-journal.ts";
import { publishSocketIn } from "./publish-socket.ts";
import { onReload } from "./reloads.ts";
import { runtimeDirIn } from "./runtime-dir.ts";
import { provisionSecretOf, secretFileOf } from "./spent-secret.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";
import { version } from "./version.ts";

export const run: Command = {
  name: "run",
  summary: "the service: provision once, then publish telemetry until stopped",
  options: {},
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    const load = () => loadConfig(shell, options, { requireServer: true, stateDir });
    let loaded = await load();
    reportProblems(shell, loaded.problems);
    becomeOwnerOf(stateDir, shell);
    const log = agentLog(shell, loaded.config);
    const standing = createStanding();
    using _lock = lockOrGoOn(stateDir, shell, standing, log);

    const open = tightenState(stateDir, secretFileOf(loaded), { log: log.child("state") });
    if (open !== null) standing.raise(open);

    const services = createServiceManager({ env: shell.env, log: log.child("systemd") });
    const sysroot = sysrootOf(options);
    const board = await readBoard(createHost({ root: sysroot }));
    const { on_hardware_change: policy } = loaded.config.provisioning;
    const journalLog = noteDamage(log.child("journal"), standing, "warn");
    // Another board's samples are no damage.
    const owner = { board, policy, standing, log: log.child("journal") };
    await using journal = await openOwnJournal(stateDir, owner, (folder) =>
      openJournalIn(folder, loaded.config, journalLog),
    );
    const publishSocket = publishSocketIn(shell);
    using statusFile = statusFileFor(runtimeDirIn(shell), log);
    const world = { stateDir, sysroot, version, log, services, journal, standing, publishSocket };
    let config = loaded.config; // what is in effect
    await using platform = openPlatform({ ...world, allows: () => config.system });
    const marks = await markStart({ ...platform, standing, stamp: stampOf(config, version) });

    // A reload starts the parts anew with the new settings; platform and journal stay, so nothing that waits is lost.
    let reload = new AbortController();
    using _reloads = onReload(shell, systemClock, async () => {
      const next = await reloaded(load, shell, standing, log);
      if (next === null) return;
      loaded = next;
      reload.abort();
    });

    for (let splay = true; !shell.signal.aborted; splay = false) {
      reload = new AbortController();
      const safeMode = marks.configured(stampOf(loaded.config, version));
      config = safeMode ? safeConfig(loaded.config) : loaded.config;
      if (safeMode) standing.raise(inSafeMode);
      else standing.clear(inSafeMode.name);
      protectSecrets(log, config);
      log.setLevel(config.log.level);
      journal.setBounds(boundsOf(config));
      log.notice("started", summaryOf(config));
      for (const warning of standingWarnings(config)) log.warn(warning);
      sayDegraded(loaded, standing);
      sayExposed(loaded.problems, standing);
      keepLastGood(loaded, stateDir, standing, log);
      using either = abortingWith(shell.signal, reload.signal);
      const { signal } = either;
      const calendar = hasSchedule(config) ? await openCalendar() : noCalendar;
      const { lastStop } = marks;
      using network = openNetwork(config, platform);
      try {
        const given = { signal, splay, lastStop, safeMode, standing, board: statusFile };
        const provisionSecret = provisionSecretOf(loaded, { stateDir, log });
        const certificates = deviceCertificates(config);
        const world = { ...platform, calendar, network, provisionSecret, certificates };
        await runAgent(config, world, given);
      } catch (error) {
        if (signal.aborted) continue;
        if (kindOf(error) !== "bug") marks.stopped(); // by its own choice: no crash
        throw error;
      }
    }
    services.stopping();
    marks.stopped();
    const { waiting, storage } = journal.stats();
    if (waiting > 0 && storage === "memory")
      log.warn("stopped, samples in memory are lost", { waiting });
    else log.notice("stopped", { waiting });
    return EXIT.ok;
  },
};

/** Null where no folder is there for it, and so nobody can ask. */
const statusFileFor = (folder: string | null, log: ReturnType<typeof agentLog>) => {
  const seen = { redact: log.redact, clock: systemClock, log: log.child("status") };
  return folder === null ? null : openStatusFile({ folder, ...seen });
};

/** Null for a bad edit: the running configuration stays. Whoever typed it sees why, the fleet sees nothing. */
async function reloaded(
  load: () => Promise<LoadedConfig>,
  shell: Shell,
  standing: Standing,
  log: Logger,
): Promise<LoadedConfig | null> {
  try {
    const next = await load();
    reportProblems(shell, next.problems);
    if (!next.degraded) return next;
    log.error("reload refused, the running configuration stays", { hint: "pipit config check" });
  } catch (error) {
    if (!(error instanceof AgentError) || error.kind !== "config") throw error;
    const { message, hint } = error;
    log.error("reload refused, the running configuration stays", { reason: message, hint });
  }
  sayRefused(standing);
  return null;
}

/** A state folder that cannot be written costs the next start its safety net, never this one. */
function keepLastGood(
  loaded: LoadedConfig,
  stateDir: string,
  standing: Standing,
  log: Logger,
): void {
  try {
    saveLastGood(loaded, stateDir);
  } catch (error) {
    if (kindOf(error) !== "storage") throw error;
    log.warn("the configuration could not be kept as last-good.toml", { error: String(error) });
    standing.raise(unwritableState(error));
  }
}

/** A child process and a socket cost nothing where they are not asked for; a calendar costs 9 MB. */
const hasSchedule = ({ sensors, jobs }: Config): boolean =>
  jobs.length > 0 || sensors.some(({ schedule }) => schedule !== null);

const summaryOf = ({ server, telemetry, sensors }: Config) => ({
  version,
  server: server.url,
  interval: `${telemetry.interval / 1000}s`,
  sensors: sensors.length,
});
