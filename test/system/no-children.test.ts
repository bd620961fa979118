import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type SandboxEvent, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { parseFile } from "../support/config-input.ts";
import { listenForNotifications } from "../support/notify-socket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * The built executable with default settings, watched by strace: every program started, every process made. A report each
 * second instead of each minute is all that is changed, so that 60 of them do not take an hour.
 */

const executable = join(import.meta.dirname, `../../dist/pipit-linux-${process.arch}`);
const REPORTS = 60;
const INVENTORY_LIMIT_MS = 30_000;

test(`${REPORTS} reports start no process, after the one that gathers the inventory`, async () => {
  const folder = temporaryFolder();
  const traceFile = join(folder, "trace");
  const deliveries = createCounter();
  await using server = await startSandbox({
    httpPort: null,
    onEvent(event) {
      if (isDelivery(event)) deliveries.count();
      takeNotifications();
    },
  });
  const toml =
    `[server]\nurl = "coap://127.0.0.1:${server.port}"\n` +
    `[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\n[telemetry]\ninterval = "1s"\n`;
  const identity = ["server.url", "provisioning.key", "provisioning.secret"];
  expect(changedBy(toml)).toEqual([...identity, "telemetry.interval"]);
  writeFileSync(join(folder, "pipit.toml"), toml, { mode: 0o600 });
  // What systemd wants to hear is told without a child, too.
  const notifyPath = join(folder, "notify");
  using systemd = listenForNotifications(notifyPath);
  const notifications = new Set<string>();
  function takeNotifications() {
    for (const datagram of systemd.received()) notifications.add(datagram);
  }

  const strace = spawn(
    "strace",
    [
      ...["--follow-forks", "--seccomp-bpf", "--trace=execve,execveat,clone,clone3,fork,vfork"],
      ...["--string-limit=200", "--output", traceFile],
      ...[
        executable,
        "run",
        "--config",
        join(folder, "pipit.toml"),
        "--state",
        join(folder, "state"),
      ],
    ],
    {
      env: { PATH: process.env["PATH"], NOTIFY_SOCKET: notifyPath, WATCHDOG_USEC: "4000000" },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let stderr = "";
  strace.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ended = once(strace, "close");
  onTestFinished(async () => {
    const [pid] = /^\d+/.exec(lines()[0] ?? "") ?? [];
    if (pid !== undefined && strace.exitCode === null) process.kill(Number(pid), "SIGKILL");
    await ended;
  });
  const lines = () => (existsSync(traceFile) ? readFileSync(traceFile, "utf8").split("\n") : []);
  const inventory = () => lines().filter((line) => / execve\(.*"inventory"/.test(line));
  const inventoryEnded = () => {
    const [pid] = /^\d+/.exec(inventory()[0] ?? "") ?? [];
    // strace pads a short number: "1234  +++ exited with 0 +++".
    return lines().some(
      (line) => pid !== undefined && line.split(/ +/, 2).join(" ") === `${pid} +++`,
    );
  };

  await expect
    .poll(() => [inventoryEnded(), stderr], { timeout: INVENTORY_LIMIT_MS, interval: 250 })
    .toEqual([true, expect.anything()]);
  const before = lines().length - 1; // after the last newline there is nothing yet
  await Promise.race([
    deliveries.more(REPORTS),
    ended.then(() => Promise.reject(new Error(`the agent has ended: ${stderr}`))),
  ]);

  expect(lines().slice(before).filter(isNewProcess)).toEqual([]);
  expect(inventory()).toHaveLength(1);
  expect(notifications).toContain("READY=1");
  expect(notifications).toContain("WATCHDOG=1");
});

/** The settings that are not what they are by default. */
const changedBy = (toml: string): readonly string[] => {
  const { origins, problems } = parseFile(toml);
  expect(problems).toEqual([]);
  return [...origins].filter(([, { origin }]) => origin.kind !== "default").map(([name]) => name);
};

const isDelivery = ({ method, path, code, repeat }: SandboxEvent) =>
  method === "POST" && path === "telemetry" && code === "2.01" && !repeat;

/** "1234  clone3({flags=CLONE_VM|…|CLONE_THREAD|…" is a thread: V8 and libuv keep some. */
const isNewProcess = (line: string) =>
  /^\d+ +(<\.\.\. )?(execve|execveat|clone|clone3|fork|vfork)\b/.test(line) &&
  !line.includes("CLONE_THREAD") &&
  !line.includes("resumed>");

function createCounter() {
  let counted = 0;
  let reached = () => {};
  let goal = Number.POSITIVE_INFINITY;
  return {
    count() {
      counted++;
      if (counted >= goal) reached();
    },
    more: (count: number) =>
      new Promise<void>((resolve) => {
        goal = counted + count;
        reached = resolve;
      }),
  };
}
