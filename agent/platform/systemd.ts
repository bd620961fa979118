import type { Logger, ServiceManager } from "../ports.ts";
import { connectUnixDatagram, type SendDatagram } from "./unix-datagram.ts";

export interface ServiceManagerDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /** Null when it cannot be done in this process; `systemd-notify` is run instead. */
  readonly connect?: (path: string) => SendDatagram | null;
}

/** Longest time `systemd-notify` may take. */
const SPAWN_LIMIT_MS = 5_000;

/** systemd's side of a Type=notify unit. Nothing here ever throws: an agent that systemd cannot hear still measures. */
export function createServiceManager(deps: ServiceManagerDeps): ServiceManager {
  const path = deps.env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return unsupervised;
  let send: ((assignment: string) => void) | undefined;
  const notify = (assignment: string) => {
    send ??= openSender(path, deps);
    send(assignment);
  };
  return {
    ready: () => notify("READY=1"),
    // A newline would start the next assignment (sd_notify(3)).
    status: (text) => notify(`STATUS=${text.replaceAll("\n", " ")}`),
    watchdogMs: watchdogMs(deps.env, process.pid),
    watchdog: () => notify("WATCHDOG=1"),
    stopping: () => notify("STOPPING=1"),
  };
}

const unsupervised: ServiceManager = {
  ready() {},
  status() {},
  watchdogMs: null,
  watchdog() {},
  stopping() {},
};

/** Half of systemd's limit, as sd_watchdog_enabled(3) advises; null when unset or meant for another process. */
export function watchdogMs(env: ServiceManagerDeps["env"], pid: number): number | null {
  const limitUsec = Number(env["WATCHDOG_USEC"]);
  const watched = env["WATCHDOG_PID"] ?? String(pid);
  if (!(limitUsec > 0) || watched !== String(pid)) return null;
  return Math.floor(limitUsec / 2_000);
}

function openSender(
  path: string,
  { env, log, connect = connectUnixDatagram }: ServiceManagerDeps,
): (assignment: string) => void {
  let failed = false;
  const failure = (assignment: string, error: string) => {
    if (failed) return;
    failed = true;
    log.warn("systemd was not told", { assignment, socket: path, error });
  };

  const datagrams = connect(path);
  if (datagrams !== null)
    return (assignment) => {
      if (!datagrams(new TextEncoder().encode(assignment)))
        failure(assignment, "the socket did not take the datagram");
    };

  log.info("node:ffi does not work here, running systemd-notify instead");
  // One after the other, so that READY=1 cannot overtake or be overtaken.
  let previous = Promise.resolve();
  return (assignment) => {
    previous = previous
      .then(() => runSystemdNotify(assignment, env))
      .catch((error: Error) => failure(assignment, error.message));
  };
}

/** 9 ms a message, and the child is the sender: the unit needs NotifyAccess=all. */
async function runSystemdNotify(assignment: string, env: ServiceManagerDeps["env"]): Promise<void> {
  const { execFile } = await import("node:child_process");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile("systemd-notify", [assignment], { env, timeout: SPAWN_LIMIT_MS }, (error) =>
    error === null ? resolve() : reject(error),
  );
  await promise;
}
