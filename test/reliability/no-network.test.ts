import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as elapse } from "node:timers/promises";
import { expect } from "vitest";
import type { SandboxState } from "../../agent/sandbox/sandbox.ts";
import type { Status } from "../../agent/status.ts";
import { pipit } from "../support/pipit-process.ts";
import { supervised } from "../support/supervised.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { proof } from "./proof.ts";

const COAP_PORT = 5683;
const HTTP_PORT = 5680;
const SHORTEST_OUTAGE_S = 60;

proof(
  18,
  "samples from the first second on, all delivered when the network comes",
  async ({ count }) => {
    const seconds = count(300) / 5;
    const folder = temporaryFolder();
    const config = join(folder, "pipit.toml");
    const text = `[server]\nurl = "coap://127.0.0.1:${COAP_PORT}"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[telemetry]\ninterval = "1s"\nphase = "0s"\n[clock]\ntrust = "always"\n`;
    writeFileSync(config, text, { mode: 0o600 });
    // A network namespace of its own, in which not even the loopback interface is up.
    const args = ["--config", config, "--state", join(folder, "state")];
    const agent = supervised({ args, through: ["unshare", "-n"] });
    await agent.ready();
    const readyMs = Date.now();
    const within = ({ pid }: { readonly pid?: number | undefined }) => [
      "nsenter",
      `--net=/proc/${pid}/ns/net`,
    ];
    const offline = await agent.until(({ cause }) => cause === "route");
    expect(offline.degradations.map(({ name }) => name)).toEqual(["network"]);
    await elapse(seconds * 1_000); // the length of the outage itself

    const inside = (
      beside: { readonly pid?: number | undefined },
      ...command: string[]
    ): string => {
      const [nsenter = "", ...args] = [...within(beside), ...command];
      const { status, stdout, stderr } = spawnSync(nsenter, args);
      expect(status, String(stderr)).toBe(0);
      return String(stdout);
    };
    inside(agent.process.child, "ip", "link", "set", "lo", "up");
    const ports = ["--port", String(COAP_PORT), "--http-port", String(HTTP_PORT)];
    const server = pipit(["sandbox", "--server-only", ...ports], {
      through: within(agent.process.child),
    });
    await server.seen(/stand-in/);
    const isDone = ({ state, outbox }: Status) => state === "online" && outbox.waiting === 0;
    const online = await agent.until(isDone);
    agent.process.child.kill("SIGTERM");
    expect(await agent.process.ended).toBe(0);
    expect(online.process.pid).toBe(agent.process.child.pid);
    expect(online.outbox).toMatchObject({ waiting: 0, dropped: 0 });

    const ask = `process.stdout.write(await (await fetch("http://127.0.0.1:${HTTP_PORT}/state")).text())`;
    const state: SandboxState = JSON.parse(inside(server.child, process.execPath, "-e", ask));
    const { telemetry, attributes } = state.devices["board-1"] ?? expect.fail("no such device");
    const { samples, keys } = telemetry;
    const newestMs = Math.max(...Object.values(keys).map(({ latest }) => latest.ts));
    const missed = /beats missed missed=\d+ sinceStart=(\d+)(?![\s\S]*beats missed)/;
    const slow = Number(missed.exec(agent.process.stderr())?.[1] ?? 0);
    // The first one was stored when it was ready, and then one each second; all are on the server.
    expect(samples).toBeGreaterThanOrEqual(Math.floor((newestMs - readyMs) / 1_000) - slow);
    const gap = keys["agentGapSeconds"]?.latest.value;
    if (seconds < SHORTEST_OUTAGE_S) expect(gap).toBeUndefined();
    else {
      expect(gap).toBeGreaterThanOrEqual(seconds);
      expect(attributes.client["outageCause"]).toBe("route");
    }
    const told = gap === undefined ? "" : `, a gap of ${gap} s told`;
    return `${seconds} s without a network: READY, ${samples} samples stored and delivered, 0 restarts${told}`;
  },
);
