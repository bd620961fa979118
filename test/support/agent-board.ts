import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listenForNotifications, type NotifySocket } from "./notify-socket.ts";
import { type PipitProcess, pipit } from "./pipit-process.ts";

export interface BoardOptions {
  /** For what is outside of the state folder: configuration, sockets. */
  readonly folder: string;
  readonly stateDir: string;
  readonly deviceName: string;
  readonly port: number;
  /** Beyond server, provisioning and clock. */
  readonly toml?: string;
}

export interface Life extends PipitProcess {
  /** Milliseconds from the start of the process to READY=1, which follows the first stored sample; null: not yet. */
  readonly readyMs: number | null;
  /** Resolves with READY=1; rejects when the process ends before. */
  ready(): Promise<void>;
}

export interface AgentBoard extends Disposable {
  readonly socket: string;
  readonly args: readonly string[];
  /** Other settings from the next start on, beyond server, provisioning and clock. */
  configure(toml: string): void;
  /** Every datagram that the service manager was sent so far. */
  readonly notifications: readonly string[];
  /** The real `pipit run`, on this state folder. */
  start(options?: {
    readonly imports?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  }): Life;
}

const LOOK_MS = 10;

/** One board: a configuration, a runtime folder with the publish socket, a service manager that listens. */
export function agentBoard(options: BoardOptions): AgentBoard {
  const { folder, stateDir, deviceName, port, toml = "" } = options;
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "pipit.toml");
  const configure = (settings: string) => {
    const text = `[server]\nurl = "coap://127.0.0.1:${port}"\nack_timeout = "100ms"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\nkeep_secret = true\ndevice_name = "${deviceName}"
[clock]\ntrust = "always"\n${settings}`;
    writeFileSync(config, text, { mode: 0o600 });
  };
  configure(toml);
  const notify: NotifySocket = listenForNotifications(join(folder, "notify"));
  const args = ["--config", config, "--state", stateDir];
  const notifications: string[] = [];
  const listeners = new Set<(message: string) => void>();
  const look = () => {
    for (const message of notify.received()) {
      notifications.push(message);
      for (const listener of listeners) listener(message);
    }
  };
  const timer = setInterval(look, LOOK_MS);

  return {
    socket: join(folder, "publish.sock"),
    args,
    configure,
    notifications,
    start({ imports = [], env = {} } = {}) {
      look(); // what the life before has said last
      const startMs = performance.now();
      let readyMs: number | null = null;
      const waiting: (() => void)[] = [];
      const socketEnv = { RUNTIME_DIRECTORY: folder, NOTIFY_SOCKET: join(folder, "notify") };
      const process = pipit(["run", ...args], { env: { ...socketEnv, ...env }, imports });
      const listener = (message: string) => {
        if (message !== "READY=1") return;
        readyMs ??= performance.now() - startMs;
        for (const tell of waiting) tell();
      };
      listeners.add(listener);
      const over = process.ended.then(() => void listeners.delete(listener));
      return {
        ...process,
        ready: () =>
          new Promise((resolve, reject) => {
            if (readyMs !== null) return resolve();
            waiting.push(resolve);
            const late = () => reject(new Error(`ended before READY=1:\n${process.stderr()}`));
            over.then(late, reject);
          }),
        get readyMs() {
          return readyMs;
        },
      };
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      notify[Symbol.dispose]();
    },
  };
}
