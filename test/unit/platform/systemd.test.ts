import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createServiceManager, watchdogMs } from "../../../agent/platform/systemd.ts";
import { listenForNotifications } from "../../support/notify-socket.ts";
import { recordingLog } from "../../support/recording-log.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pipit-notify-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("under systemd", () => {
  it("sends each message as one datagram to the socket's path", () => {
    const NOTIFY_SOCKET = join(folder, "notify");
    using systemd = listenForNotifications(NOTIFY_SOCKET);
    const services = createServiceManager({ env: { NOTIFY_SOCKET }, log: recordingLog() });
    services.ready();
    services.status("online, 3 samples waiting");
    services.watchdog();
    services.stopping();
    expect(systemd.received()).toEqual([
      "READY=1",
      "STATUS=online, 3 samples waiting",
      "WATCHDOG=1",
      "STOPPING=1",
    ]);
  });

  it("reaches an abstract address, which begins with an at sign", () => {
    const NOTIFY_SOCKET = `@pipit-test-${process.pid}`;
    using systemd = listenForNotifications(NOTIFY_SOCKET);
    createServiceManager({ env: { NOTIFY_SOCKET }, log: recordingLog() }).ready();
    expect(systemd.received()).toEqual(["READY=1"]);
  });

  it("keeps a status on one line, because a second line would be another assignment", () => {
    const NOTIFY_SOCKET = join(folder, "notify");
    using systemd = listenForNotifications(NOTIFY_SOCKET);
    const services = createServiceManager({ env: { NOTIFY_SOCKET }, log: recordingLog() });
    services.status("offline\nMAINPID=1");
    expect(systemd.received()).toEqual(["STATUS=offline MAINPID=1"]);
  });

  it("goes on and says so once when nobody listens", () => {
    const log = recordingLog();
    const env = { NOTIFY_SOCKET: join(folder, "nobody") };
    const services = createServiceManager({ env, log });
    services.ready();
    services.watchdog();
    expect(log.lines.map(({ level, event }) => [level, event])).toEqual([
      ["warn", "systemd was not told"],
    ]);
  });

  it("never waits for a listener whose queue is full", () => {
    const NOTIFY_SOCKET = join(folder, "notify");
    const log = recordingLog();
    using systemd = listenForNotifications(NOTIFY_SOCKET);
    const services = createServiceManager({ env: { NOTIFY_SOCKET }, log });
    for (let sent = 0; sent < 5_000; sent++) services.watchdog();
    expect(log.lines).toHaveLength(1);
    expect(systemd.received().length).toBeGreaterThan(0);
  });
});

it("does nothing without systemd, and does not load node:ffi for it", () => {
  const connect = () => {
    throw new Error("connected");
  };
  const services = createServiceManager({ env: {}, log: recordingLog(), connect });
  services.ready();
  services.status("online");
  services.watchdog();
  services.stopping();
  expect(services.watchdogMs).toBeNull();
});

describe("without node:ffi", () => {
  /** A systemd-notify that hands its argument to the test over a stream socket. */
  const installProgram = (socket: string) =>
    writeFileSync(
      join(folder, "systemd-notify"),
      `#!${process.execPath}\nrequire("node:net").connect(${JSON.stringify(socket)}).end(process.argv.slice(2).join(" "));\n`,
      { mode: 0o755 },
    );

  it("runs systemd-notify, one message after the other", async () => {
    const socket = join(folder, "test");
    installProgram(socket);
    const messages: string[] = [];
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const server = createServer((connection: Socket) => {
      let text = "";
      connection.setEncoding("utf8");
      connection.on("data", (chunk: string) => {
        text += chunk;
      });
      connection.on("end", () => {
        if (messages.push(text) === 3) resolve();
      });
    });
    await new Promise<void>((listening) => server.listen(socket, listening));
    const log = recordingLog();
    const env = { NOTIFY_SOCKET: join(folder, "notify"), PATH: folder };
    const services = createServiceManager({ env, log, connect: () => null });
    services.ready();
    services.status("online");
    services.watchdog();
    await all;
    server.close();
    expect(messages).toEqual(["READY=1", "STATUS=online", "WATCHDOG=1"]);
    expect(log.lines.map(({ level }) => level)).toEqual(["info"]);
  });

  it("says once that there is no such program", async () => {
    const log = recordingLog();
    const { promise: warned, resolve } = Promise.withResolvers<void>();
    const env = { NOTIFY_SOCKET: join(folder, "notify"), PATH: folder };
    const services = createServiceManager({
      env,
      log: { ...log, warn: (event, fields) => resolve(log.warn(event, fields)) },
      connect: () => null,
    });
    services.ready();
    services.stopping();
    await warned;
    expect(log.lines.at(-1)?.fields).toMatchObject({ assignment: "READY=1" });
  });
});

describe("the watchdog's period", () => {
  it.each([
    ["is half of systemd's limit", { WATCHDOG_USEC: "120000000" }, 60_000],
    [
      "is for the process that systemd names",
      { WATCHDOG_USEC: "3000000", WATCHDOG_PID: "42" },
      1_500,
    ],
    ["is none in a child of that process", { WATCHDOG_USEC: "3000000", WATCHDOG_PID: "41" }, null],
    ["is none when nobody watches", {}, null],
    ["is none when the limit is no number", { WATCHDOG_USEC: "soon" }, null],
    ["is none when the limit is zero", { WATCHDOG_USEC: "0" }, null],
  ])("%s", (_name, env, expected) => {
    expect(watchdogMs(env, 42)).toBe(expected);
  });
});
