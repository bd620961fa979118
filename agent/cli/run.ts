import { runAgent } from "../app.ts";
import type { Config } from "../config/config.ts";
import { standingWarnings } from "../config/standing-warnings.ts";
import { AgentError, kindOf } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { memoryJournal } from "../platform/memory-journal.ts";
import { openPlatform } from "../platform/platform.ts";
import { lockState } from "../platform/state-lock.ts";
import { createServiceManager } from "../platform/systemd.ts";
import type { Logger } from "../ports.ts";
import { agentLog } from "./agent-log.ts";
import type { Command, Shell } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { type LoadedConfig, loadConfig, reportProblems, saveLastGood } from "./load-config.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";
import { version } from "./version.ts";

export const run: Command = {
  name: "run",
  summary: "the service: provision once, then publish telemetry until stopped",
  options: {},
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    const load = () => loadConfig(shell, options, { requireServer: true, stateDir });
    let loaded = load();
    reportProblems(shell, loaded.problems);
    using _lock = lockState(stateDir);

    const log = agentLog(shell, loaded.config);
    const services = createServiceManager({ env: shell.env, log: log.child("systemd") });
    await using journal = memoryJournal({
      clock: systemClock,
      maxBytes: loaded.config.outbox.max_size,
      maxAgeMs: loaded.config.outbox.max_age,
    });
    const platform = openPlatform({
      stateDir,
      sysroot: sysrootOf(options),
      log,
      services,
      journal,
    });

    // A reload starts the parts anew with the new settings; platform and journal stay, so nothing that waits is lost.
    let reload = new AbortController();
    using _hangup = shell.onHangup(() => {
      const next = reloaded(load, shell, log);
      if (next === null) return;
      loaded = next;
      reload.abort();
    });

    while (!shell.signal.aborted) {
      reload = new AbortController();
      log.setLevel(loaded.config.log.level);
      log.notice("started", summaryOf(loaded.config));
      for (const warning of standingWarnings(loaded.config)) log.warn(warning);
      keepLastGood(loaded, stateDir, log);
      try {
        await runAgent(loaded.config, platform, AbortSignal.any([shell.signal, reload.signal]));
      } catch (error) {
        if (!shell.signal.aborted && !reload.signal.aborted) throw error;
      }
    }
    services.stopping();
    const { waiting } = journal.stats();
    if (waiting > 0) log.warn("stopped, samples in memory are lost", { waiting });
    else log.notice("stopped");
    return EXIT.ok;
  },
};

/** Null for a bad edit: the running configuration stays. Whoever typed it sees why, the fleet sees nothing. */
function reloaded(load: () => LoadedConfig, shell: Shell, log: Logger): LoadedConfig | null {
  try {
    const next = load();
    reportProblems(shell, next.problems);
    if (!next.degraded) return next;
    log.error("reload refused, the running configuration stays", { hint: "pipit config check" });
  } catch (error) {
    if (!(error instanceof AgentError) || error.kind !== "config") throw error;
    const { message, hint } = error;
    log.error("reload refused, the running configuration stays", { reason: message, hint });
  }
  return null;
}

/** A state folder that cannot be written costs the next start its safety net, never this one. */
function keepLastGood(loaded: LoadedConfig, stateDir: string, log: Logger): void {
  try {
    saveLastGood(loaded, stateDir);
  } catch (error) {
    if (kindOf(error) !== "storage") throw error;
    log.warn("the configuration could not be kept as last-good.toml", { error: String(error) });
  }
}

const summaryOf = ({ server, telemetry }: Config) => ({
  version,
  server: server.url,
  interval: `${telemetry.interval / 1000}s`,
});
