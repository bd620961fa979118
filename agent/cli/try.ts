import type { Config } from "../config/config.ts";
import { AgentError } from "../errors.ts";
import { systemClock } from "../platform/clock.ts";
import { openMachine } from "../platform/machine.ts";
import { serialiseSample } from "../thingsboard/serialise.ts";
import { agentLog } from "./agent-log.ts";
import { type Command, type OptionValues, type Shell, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { loadConfig, reportProblems } from "./load-config.ts";
import { openServer } from "./open-server.ts";
import { sampleSources } from "./sample-sources.ts";
import { sysrootOf } from "./state-dir.ts";
import { takeSamples } from "./take-samples.ts";
import { tokenFromStdin } from "./token-from-stdin.ts";

/** Two looks: a rate needs a second one. */
const BETWEEN_LOOKS_MS = 1_000;

export const tryOut: Command = {
  name: "try",
  summary: "one sample to a real server: nothing is installed, no root, nothing is left behind",
  options: {
    server: {
      type: "string",
      value: "URL",
      help: "coaps://HOST[:PORT]; without one it is only told what would be sent",
    },
    "ca-file": {
      type: "string",
      value: "FILE",
      help: "the authority of a coaps server, where it is a private one",
    },
    "token-stdin": { type: "boolean", help: "the access token of a device, from standard input" },
  },
  async run({ shell, options }) {
    const config = await configured(shell, options);
    const isSent = typeof options["server"] === "string";
    if (isSent && options["token-stdin"] !== true)
      throw new UsageError(
        "try wants the device's access token, in ThingsBoard: Devices > the device > Copy access token; hand it over with --token-stdin",
      );
    const accessToken = isSent ? tokenFromStdin() : "";
    shell.secrets.protect(accessToken);
    const { text, values } = await oneSample(shell, options, config);
    const payload = new TextEncoder().encode(text);
    if (!isSent) {
      shell.out(`would send to <server>/api/v1/<token>/telemetry, ${payload.length} bytes:`);
      shell.out(text);
      return EXIT.ok;
    }
    const ms = await send(shell, config, accessToken, payload);
    shell.out(text);
    shell.out(
      `${values} values, ${payload.length} bytes: acknowledged by ${config.server.url} in ${ms} ms`,
    );
    return EXIT.ok;
  },
};

async function configured(shell: Shell, options: OptionValues): Promise<Config> {
  const { server, "ca-file": caFile } = options;
  // What is configured for the service's own server vouches for no other, and its certificate is that device's.
  const another = {
    "server.client_cert": "",
    "server.client_key": "",
    "server.ca_file": "",
    "server.server_name": "",
    "server.pin_sha256": "",
    "server.insecure_skip_verify": "false",
  };
  const overrides = {
    ...(typeof server === "string" ? { ...another, "server.url": server } : {}),
    ...(typeof caFile === "string" ? { "server.ca_file": caFile } : {}),
  };
  const { config, problems } = await loadConfig(shell, options, {
    requireServer: typeof server === "string",
    stateDir: null,
    overrides,
  });
  reportProblems(shell, problems);
  return config;
}

async function oneSample(shell: Shell, options: OptionValues, config: Config) {
  const log = agentLog(shell, config);
  log.setLevel("error");
  await using machine = openMachine({
    root: sysrootOf(options),
    clock: systemClock,
    log,
    mayReadThrottled: () => config.system.pi_throttle,
  });
  const { sources, isDecimal } = await sampleSources(config, machine, []);
  const { signal } = shell;
  const once = { clock: systemClock, sources, count: 1, intervalMs: BETWEEN_LOOKS_MS, signal };
  for await (const taken of takeSamples(once)) {
    const { text } = serialiseSample(taken, { precision: config.telemetry.precision, isDecimal });
    if (text !== null) return { text, values: Object.keys(taken.readings).length };
  }
  throw new AgentError("sensor", "this machine gives no reading at all", {
    code: "P049",
    hint: "pipit sample shows what was looked at",
  });
}

/** Milliseconds from the request to its answer, the handshake included. */
async function send(shell: Shell, config: Config, accessToken: string, payload: Uint8Array) {
  const log = agentLog(shell, config);
  log.setLevel("warning");
  await using server = openServer(config, log);
  const startedMs = systemClock.monotonic();
  try {
    await server.api.publishTelemetry({ accessToken }, payload, shell.signal);
  } catch (cause) {
    if (!(cause instanceof AgentError) || cause.kind !== "unauthorized") throw cause;
    throw new AgentError("unauthorized", "the server does not know this access token (4.01)", {
      cause,
      code: "P085",
      hint: "copy it once more, in ThingsBoard: Devices > the device > Copy access token",
    });
  }
  return Math.round(systemClock.monotonic() - startedMs);
}
