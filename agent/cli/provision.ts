import { readFileSync } from "node:fs";
import { createCoapClient } from "../coap/client.ts";
import { parseServerUrl } from "../config/server-url.ts";
import type { Credentials } from "../credentials.ts";
import { openProvisioner } from "../device/open-provisioner.ts";
import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { credentialStore } from "../platform/credentials.ts";
import { createHost } from "../platform/host.ts";
import { systemRandom } from "../platform/random.ts";
import { lockState } from "../platform/state-lock.ts";
import { udpNetwork } from "../platform/udp.ts";
import { createDeviceApi, type DeviceApi } from "../thingsboard/device-api.ts";
import { agentLog } from "./agent-log.ts";
import { type Command, type Shell, UsageError } from "./command.ts";
import { becomeOwnerOf } from "./drop-privileges.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";

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
    reset: { type: "boolean", help: "set the present credentials aside and provision anew" },
    json: { type: "boolean", help: "print the outcome as JSON" },
  },
  async run({ shell, options }) {
    const stateDir = stateDirOf(shell, options);
    const { name } = options;
    const overrides = typeof name === "string" ? { "provisioning.device_name": name } : {};
    const loaded = loadConfig(shell, options, { requireServer: true, stateDir: null, overrides });
    reportProblems(shell, loaded.problems);
    becomeOwnerOf(stateDir, shell);
    using _lock = lockState(stateDir);

    const log = agentLog(shell, loaded.config);
    log.setLevel("warning");
    const store = credentialStore(stateDir, log.child("credentials"));
    await using transport = createCoapClient({
      network: udpNetwork,
      clock: systemClock,
      random: systemRandom,
      server: parseServerUrl(loaded.config.server.url),
      settings: { ackTimeoutMs: loaded.config.server.ack_timeout },
      log: log.child("coap"),
    });
    const api = createDeviceApi({ transport });
    const host = createHost({ root: sysrootOf(options) });
    const platform = { host, identity: store, random: systemRandom, log };
    const { provisioner } = await openProvisioner(loaded.config, platform, api);

    if (options["reset"]) provisioner.release("reset");
    const before = provisioner.stored();
    const credentials = options["token-stdin"]
      ? await provisioner.adopt(tokenFromStdin(), shell.signal)
      : (before ?? (await provisioner.attempt(shell.signal)));
    const verifiedMs = await verify(api, credentials, shell.signal);
    report(shell, options["json"] === true, { credentials, already: before !== null, verifiedMs });
    return EXIT.ok;
  },
};

/** Round trip in milliseconds. @throws AgentError `unauthorized` when the server does not know the token */
async function verify(api: DeviceApi, { accessToken }: Credentials, signal: AbortSignal) {
  const startMs = systemClock.monotonic();
  if (await api.isTokenValid(accessToken, signal)) {
    return Math.round(systemClock.monotonic() - startMs);
  }
  throw new AgentError("unauthorized", "the stored access token is refused by the server (4.01)", {
    code: "P027",
    hint: "In ThingsBoard check the device's credentials, or provision anew: sudo pipit provision --reset",
  });
}

function tokenFromStdin(): string {
  const token = readFileSync(0, "utf8").trim();
  if (token === "" || /\s/.test(token)) {
    throw new UsageError("--token-stdin wants one access token on standard input");
  }
  return token;
}

interface Outcome {
  readonly credentials: Credentials;
  readonly already: boolean;
  readonly verifiedMs: number;
}

function report(shell: Shell, json: boolean, { credentials, already, verifiedMs }: Outcome): void {
  const { deviceName, server } = credentials;
  if (json) {
    const status = already ? "already provisioned" : "provisioned";
    shell.out(JSON.stringify({ status, deviceName, server, verifiedMs }));
    return;
  }
  const name = deviceName === null ? "under a name made by the server" : `as "${deviceName}"`;
  shell.out(
    already
      ? `already provisioned ${name}; token verified ${verifiedMs} ms`
      : `provisioned ${name}; token stored and verified`,
  );
}
