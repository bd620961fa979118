import { mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Status } from "../../agent/status.ts";
import { listenForNotifications } from "./notify-socket.ts";
import { pipit } from "./pipit-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface Supervised {
  readonly process: ReturnType<typeof pipit>;
  /** Its runtime folder. */
  readonly runtime: string;
  /** Where programs hand readings in. */
  readonly socket: string;
  /** What the service manager was told so far. */
  notified(): readonly string[];
  /** Resolves when systemd would have been told READY=1; rejects when the process ends before. */
  ready(): Promise<void>;
  /** Resolves to the first status file that `matches`; rejects when the process ends before. */
  until(matches: (status: Status) => boolean): Promise<Status>;
  /** What `pipit status --json` prints, and its exit code. */
  status(): Promise<{ readonly code: number | string; readonly printed: Status }>;
}

export interface SupervisedOptions {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** What the program is started by: `["unshare", "-n"]`. */
  readonly through?: readonly string[];
  /** Modules that are loaded before the program. */
  readonly imports?: readonly string[];
}

/** `pipit run` as systemd runs it: with a socket to notify, and a runtime folder. */
export function supervised({
  args,
  env = {},
  through = [],
  imports = [],
}: SupervisedOptions): Supervised {
  const folder = temporaryFolder();
  // In memory, as /run is: elsewhere the status is written only when something has changed.
  const runtime = mkdtempSync("/dev/shm/pipit-test-");
  onTestFinished(() => rmSync(runtime, { recursive: true, force: true }));
  const path = join(folder, "notify");
  const notified = listenForNotifications(path);
  onTestFinished(() => notified[Symbol.dispose]());
  const file = join(runtime, "status.json");
  const service = { NOTIFY_SOCKET: path, RUNTIME_DIRECTORY: runtime, ...env };
  const agent = pipit(["run", ...args], { env: service, through, imports });
  const seen: string[] = [];
  const notifications = () => {
    seen.push(...notified.received());
    return seen;
  };
  /** Whatever it does next, it writes its status, or ends: then `done` is asked again. */
  const when = <T>(done: () => T | null): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = done();
        if (found === null) return false;
        watcher.close();
        resolve(found);
        return true;
      };
      const watcher = watch(runtime, look);
      onTestFinished(() => watcher.close());
      const text = () => `${agent.stdout()}${agent.stderr()}\n${textOf(file)}`;
      void agent.ended.then((how) => look() || reject(new Error(`ended (${how}): ${text()}`)));
      look();
    });
  return {
    process: agent,
    runtime,
    socket: join(runtime, "publish.sock"),
    notified: notifications,
    ready: () => when(() => (notifications().includes("READY=1") ? true : null)).then(() => {}),
    until: (matches) =>
      when(() => {
        const text = textOf(file);
        if (text === "") return null;
        const status: Status = JSON.parse(text);
        return matches(status) ? status : null;
      }),
    async status() {
      const asked = pipit(["status", "--json", "--runtime", runtime]);
      const code = await asked.ended;
      return { code, printed: JSON.parse(asked.stdout()) };
    },
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
