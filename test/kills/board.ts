import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "../../agent/credentials.ts";
import { decodeIdentity } from "../../agent/platform/credentials-file.ts";
import { isStep, REACHED, type Step } from "./steps.ts";

const root = join(import.meta.dirname, "../..");
const hooks = join(import.meta.dirname, "hooks.ts");

export interface RunOutcome {
  /** Where it was killed; null when it came to its end. */
  readonly killedAt: Step | null;
  readonly exitCode: number | null;
  readonly stderr: string;
}

/**
 * One board: a state folder, a device name, and the real `pipit provision` to be run on it, again and again. With an empty
 * name the server makes one: then nothing but the token keeps a repeated request from making a second device.
 */
export function createBoard(folder: string, deviceName: string, port: number) {
  const state = join(folder, "state");
  const config = join(folder, "pipit.toml");
  mkdirSync(state, { recursive: true });
  writeFileSync(
    config,
    `[server]\nurl = "coap://127.0.0.1:${port}"\nack_timeout = "100ms"\n` +
      `[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "${deviceName}"\n`,
    { mode: 0o600 },
  );

  /** Runs to its end; is killed at `step`, or from outside after `killAfterMs`. */
  const run = async (step: Step | null, killAfterMs: number | null): Promise<RunOutcome> => {
    const args = [
      "--import",
      hooks,
      "agent/main.ts",
      "provision",
      "--config",
      config,
      "--state",
      state,
    ];
    const env = { ...process.env, ...(step && { PIPIT_KILL_AT: step }) };
    const child = spawn(process.execPath, args, {
      cwd: root,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    const timer =
      killAfterMs === null ? null : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const [exitCode, signal] = await once(child, "close");
    if (timer) clearTimeout(timer);
    const reached = stderr.split("\n").find((line) => line.startsWith(REACHED));
    const named = reached?.slice(REACHED.length);
    const killedAt = isStep(named) ? named : "at a random moment";
    return { killedAt: signal === "SIGKILL" ? killedAt : null, exitCode, stderr };
  };

  /** Null where there is no file yet; "torn" for one that does not prove itself whole. */
  const stored = (): Identity | null | "torn" => {
    let text: string;
    try {
      text = readFileSync(join(state, "credentials.json"), "utf8");
    } catch {
      return null;
    }
    const decoded = decodeIdentity(text);
    return decoded.ok ? decoded.identity : "torn";
  };

  return { deviceName, run, stored };
}
