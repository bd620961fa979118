import { EventEmitter, once } from "node:events";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import { pipit } from "../support/pipit-process.ts";
import { parseRaw } from "../support/raw-coap.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

/** libfaketime by Debian's package faketime; it stands before libc in the process that gets these variables. */
function fakedClock(file: string): Record<string, string> {
  const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
  if (library === undefined) throw new Error("libfaketime is missing: apt-get install faketime");
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
}

interface Uptime {
  readonly ts: number;
  readonly uptimeS: number;
}

/** What a datagram to the server says of `uptime`. */
function uptimesIn(datagram: Uint8Array): readonly Uptime[] {
  const text = parseRaw(Buffer.from(datagram)).payload.toString();
  if (!/^\[?\{"ts":/.test(text)) return [];
  const samples: readonly { ts: number; values: { uptime?: number } }[] = [JSON.parse(text)].flat();
  return samples.flatMap(({ ts, values: { uptime } }) =>
    uptime === undefined ? [] : [{ ts, uptimeS: uptime }],
  );
}

proof(19, "the real process starts in 1970, and dates what it took there", async ({ seed }) => {
  const heard: Uptime[] = [];
  const news = new EventEmitter();
  const server = await startSandbox({
    httpPort: null,
    onEvent: ({ path }) => void news.emit(path ?? "?"),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const tap = await startFaultProxy({
    upstream: { host: "127.0.0.1", port: server.port },
    seed,
    rewrite(datagram, direction) {
      if (direction === "up") heard.push(...uptimesIn(datagram));
      return datagram;
    },
  });
  onTestFinished(() => tap[Symbol.asyncDispose]());
  const folder = temporaryFolder();
  const [config, offset] = [join(folder, "pipit.toml"), join(folder, "offset")];
  const toml = `[server]\nurl = "coap://127.0.0.1:${tap.port}"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[telemetry]\ninterval = "1s"\n[clock]\nwait = "0s"\n`;
  writeFileSync(config, toml, { mode: 0o600 });
  writeFileSync(offset, `-${Math.floor(Date.now() / 1_000) - 10}`);
  const provisioned = once(news, "provision");
  const agent = pipit(["run", "--config", config, "--state", join(folder, "state")], {
    env: fakedClock(offset),
  });
  await agent.seen(/the clock is not trusted/);
  await provisioned;
  expect(heard).toEqual([]);
  const setMs = Date.now();
  writeFileSync(offset, "+0");
  while (heard.length < 3) await once(news, "telemetry");
  agent.child.kill("SIGTERM");
  await agent.ended;

  // Its own uptime tells when each was taken, whatever any clock showed.
  const upS = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const bootMs = Date.now() - upS * 1_000;
  for (const { ts, uptimeS } of heard)
    expect(Math.abs(ts - bootMs - uptimeS * 1_000)).toBeLessThan(2_500);
  const early = heard.filter(({ ts }) => ts < setMs);
  expect(early.length).toBeGreaterThan(0);
  return `libfaketime: ${heard.length} samples of a real process, ${early.length} of them taken in its 1970`;
});
