import type { Login } from "../credentials.ts";
import { openProvisioner } from "../device/open-provisioner.ts";
import type { Provisioner } from "../device/provisioner.ts";
import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { credentialStore } from "../platform/credentials.ts";
import { keptSecret } from "../platform/erase-secret.ts";
import { createHost } from "../platform/host.ts";
import { systemRandom } from "../platform/random.ts";
import { lockState } from "../platform/state-lock.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import { agentLog } from "./agent-log.ts";
import type { Command } from "./command.ts";
import { deviceCertificates } from "./device-certificates.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { openServer } from "./open-server.ts";
import { type Outcome, reportOutcome } from "./provision-outcome.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";
import { tokenFromStdin } from "./token-from-stdin.ts";

export const provision: Command = {
  name: "provision",
  summary: "become a device on the server, once, without starting the service",
  options: {
    name: {
      type: "string",
      value: "NAME",
      help: "device name or template, instead of device_name",
    },
    "token-stdin": { type: "boolean", help: "take a ready-made access token from standard input" },
    reset: {
      type: "boolean",
      help: "provision anew; the present credentials stay until that succeeds",
    },
    json: { type: "boolean", help: "print the outcome as JSON" },
  },
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    const { name } = options;
    const overrides = typeof name === "string" ? { "provisioning.device_name": name } : {};
    const loaded = await loadConfig(shell, options, {
      requireServer: true,
      stateDir: null,
      overrides,
    });
    reportProblems(shell, loaded.problems);
    const token = options["token-stdin"] === true ? tokenFromStdin() : null;
    becomeOwnerOf(stateDir, shell);
    using _lock = lockForOnce(stateDir);

    const log = agentLog(shell, loaded.config);
    log.setLevel("warning");
    await using server = openServer(loaded.config, log);
    const { api } = server;
    const host = createHost({ root: sysrootOf(options) });
    const identity = credentialStore(stateDir, log.child("credentials"));
    const certificates = deviceCertificates(loaded.config);
    // The agent erases the secret, once telemetry was acknowledged.
    const opened = { host, identity, certificates, provisionSecret: keptSecret };
    const platform = { ...opened, random: systemRandom, log };
    const { provisioner } = await openProvisioner(loaded.config, platform, api);
    try {
      const how = { token, reset: options["reset"] === true };
      const { status, credentials } = await become(provisioner, how, shell.signal);
      if (status === "already provisioned" && typeof name === "string") {
        shell.err("--name counts when a device is made: this one keeps its name; see --reset");
      }
      const verifiedMs = await verify(api, credentials, shell.signal);
      reportOutcome(shell, options["json"] === true, { status, credentials, verifiedMs });
      return EXIT.ok;
    } catch (error) {
      throw shell.signal.aborted ? stopped(error) : error;
    }
  },
};

interface How {
  readonly token: string | null;
  readonly reset: boolean;
}

async function become(
  provisioner: Provisioner,
  { token, reset }: How,
  signal: AbortSignal,
): Promise<Omit<Outcome, "verifiedMs">> {
  if (token !== null) {
    return { status: "token taken over", credentials: await provisioner.adopt(token, signal) };
  }
  const before = reset ? null : provisioner.stored();
  if (before) return { status: "already provisioned", credentials: before };
  const credentials = await (reset ? provisioner.renew(signal) : provisioner.attempt(signal));
  return { status: "provisioned", credentials };
}

/** Round trip in milliseconds. @throws AgentError `unauthorized` when the server does not know it */
async function verify(api: DeviceApi, login: Login, signal: AbortSignal) {
  const startMs = systemClock.monotonic();
  if (await api.isKnown(login, signal)) {
    return Math.round(systemClock.monotonic() - startMs);
  }
  throw new AgentError("unauthorized", "the stored credentials are refused by the server (4.01)", {
    code: "P027",
    hint: "In ThingsBoard check the device's credentials, or provision anew: sudo pipit provision --reset",
  });
}

/** The running service provisions by itself, so a hint to stop it would lead the operator astray. */
function lockForOnce(stateDir: string): Disposable {
  try {
    return lockState(stateDir);
  } catch (cause) {
    if (!(cause instanceof AgentError) || cause.kind !== "transient") throw cause;
    throw new AgentError("transient", cause.message, {
      cause,
      code: "P011",
      hint: "the service provisions by itself; to make it try now: sudo systemctl reload pipit",
    });
  }
}

const stopped = (cause: unknown) =>
  new AgentError("transient", "stopped before it was done", {
    cause,
    hint: "nothing is lost: run it again, it takes up where it stopped",
  });
