import { AgentError } from "../errors.ts";
import type { Strategy } from "./devices.ts";
import type { Faults } from "./faults.ts";
import { defaultProfile } from "./profile.ts";
import type { SandboxOptions } from "./sandbox.ts";
import { LONGEST_MS } from "./times.ts";

/** Shaped like the options of a command, without knowing commands. */
export interface SandboxOptionSpec {
  readonly type: "string" | "boolean";
  readonly value?: string;
  readonly help: string;
}

export const sandboxOptionSpecs = {
  "server-only": { type: "boolean", help: "the server alone, without an agent against it" },
  port: { type: "string", value: "N", help: "UDP port (else any free one)" },
  "http-port": {
    type: "string",
    value: "N",
    help: "TCP port of page and control (else any free one)",
  },
  secure: { type: "boolean", help: "coaps:// (DTLS), with a certificate made for this run" },
  "no-http": { type: "boolean", help: "no page and no control over HTTP" },
  loss: { type: "string", value: "PERCENT", help: "lose so many datagrams, each way" },
  duplicate: { type: "string", value: "PERCENT", help: "double so many datagrams, each way" },
  delay: { type: "string", value: "DURATION", help: "delay every datagram, each way" },
  "drop-provision-answer": { type: "boolean", help: "provision the first device, answer nothing" },
  rate: { type: "string", value: "N", help: "5.00 beyond N messages a second and device" },
  outage: { type: "string", value: "DURATION", help: "silence, 10 s after the first telemetry" },
  revoke: { type: "boolean", help: "revoke the device 10 s after its first telemetry" },
  strategy: {
    type: "string",
    value: "NAME",
    help: "create (default), pre-provisioned, disabled or x509-chain",
  },
  seed: { type: "string", value: "N", help: "repeat the chances of an earlier run" },
} as const satisfies Readonly<Record<string, SandboxOptionSpec>>;

const strategies: Readonly<Record<string, Strategy>> = {
  create: "ALLOW_CREATE_NEW_DEVICES",
  "pre-provisioned": "CHECK_PRE_PROVISIONED_DEVICES",
  disabled: "DISABLED",
  "x509-chain": "X509_CERTIFICATE_CHAIN",
};

export type SandboxOptionValues = Readonly<Record<string, string | boolean | undefined>>;

/**
 * What the options of the command line mean. `server-only` is the command's own and is not looked at.
 * @throws AgentError `config` names the option and what it takes
 */
export function parseSandboxOptions(values: SandboxOptionValues): SandboxOptions {
  const number = (name: string, most: number) => numberOf(values, name, most);
  const duration = (name: string) => durationOf(values, name);
  const loss = number("loss", 100);
  const duplicate = number("duplicate", 100);
  const delayMs = duration("delay");
  const rate = number("rate", 1_000_000);
  const faults: Partial<Faults> = {
    ...(loss !== undefined && { lossUp: loss, lossDown: loss }),
    ...(duplicate !== undefined && { duplicate }),
    ...(delayMs !== undefined && { delayMs }),
    ...(rate !== undefined && { rate }),
    ...(values["drop-provision-answer"] === true && { dropProvisionAnswers: 1 }),
  };
  const outageMs = duration("outage");
  const revoke = values["revoke"] === true;
  const seed = number("seed", 2 ** 32 - 1);
  return {
    port: number("port", 65_535) ?? 0,
    httpPort: values["no-http"] === true ? null : (number("http-port", 65_535) ?? 0),
    profiles: [{ ...defaultProfile, strategy: strategyOf(values["strategy"]) }],
    faults,
    ...(seed !== undefined && { seed }),
    ...(values["secure"] === true && { secure: { names: ["localhost"] } }),
    ...((outageMs !== undefined || revoke) && {
      afterFirstTelemetry: { outageMs: outageMs ?? 0, revoke },
    }),
  };
}

function numberOf(values: SandboxOptionValues, name: string, most: number): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const whole = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (whole <= most) return whole;
  throw new AgentError("config", `--${name} is a whole number from 0 to ${most}`);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

function durationOf(values: SandboxOptionValues, name: string): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const [, count, unit = ""] = /^(\d+)(ms|s|m|h)$/.exec(String(given)) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? Number.NaN);
  if (ms <= LONGEST_MS) return ms;
  throw new AgentError("config", `--${name} is a duration up to 24h: 200ms, 30s, 5m`);
}

function strategyOf(given: string | boolean | undefined): Strategy {
  const strategy = strategies[typeof given === "string" ? given : "create"];
  if (strategy) return strategy;
  throw new AgentError("config", `--strategy is one of ${Object.keys(strategies).join(", ")}`);
}
