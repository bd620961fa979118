import { AgentError } from "../errors.ts";
import { LONGEST_MS } from "./times.ts";

/** How a success is sent to a confirmable request: see docs/sandbox.md. */
export const answerStyles = ["separate", "piggybacked", "slow"] as const;
export type AnswerStyle = (typeof answerStyles)[number];

export interface Faults {
  /** Percent of datagrams lost on the way to the server, and back. */
  readonly lossUp: number;
  readonly lossDown: number;
  /** Percent of datagrams that arrive twice, each way. */
  readonly duplicate: number;
  /** Every datagram takes this long, each way. */
  readonly delayMs: number;
  /** Nothing arrives and nothing leaves. */
  readonly outage: boolean;
  /** The next n successful provisionings are never answered, not even to a retransmission. */
  readonly dropProvisionAnswers: number;
  /** Provisioning is answered this late. */
  readonly lateProvisionAnswerMs: number;
  /** The next n answers are lost on the way; a retransmission gets them. */
  readonly dropAnswers: number;
  /** The next n requests are answered 5.00 and not carried out. */
  readonly failNext: number;
  /** Percent of requests answered 5.00 and not carried out. */
  readonly failPercent: number;
  /** Messages per second and device; beyond it 5.00. 0 is no limit. */
  readonly rate: number;
  /** Data points per second and device; beyond it 5.00. 0 is no limit. */
  readonly pointRate: number;
  /** Messages per second of all devices together, telemetry and others apart; beyond it 5.00. 0 is no limit. */
  readonly tenantRate: number;
  /** The next n requests are rejected with RST. */
  readonly resetNext: number;
  readonly answerStyle: AnswerStyle;
}

export const noFaults: Faults = {
  lossUp: 0,
  lossDown: 0,
  duplicate: 0,
  delayMs: 0,
  outage: false,
  dropProvisionAnswers: 0,
  lateProvisionAnswerMs: 0,
  dropAnswers: 0,
  failNext: 0,
  failPercent: 0,
  rate: 0,
  pointRate: 0,
  tenantRate: 0,
  resetNext: 0,
  answerStyle: "separate",
};

const percents: ReadonlySet<string> = new Set(["lossUp", "lossDown", "duplicate", "failPercent"]);
const durations: ReadonlySet<string> = new Set(["delayMs", "lateProvisionAnswerMs"]);

/**
 * Faults as they come over HTTP: any subset of the fields.
 * @throws AgentError `config` names the field and what it takes
 */
export function parseFaults(input: unknown): Partial<Faults> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new AgentError("config", "faults are a JSON object", { hint: fieldsHint });
  }
  for (const [name, value] of Object.entries(input)) {
    const problem = problemOf(name, value);
    if (problem) throw new AgentError("config", problem, { hint: fieldsHint });
  }
  return input;
}

const fieldsHint = `the fields are ${Object.keys(noFaults).join(", ")}`;

function problemOf(name: string, value: unknown): string | null {
  if (!Object.hasOwn(noFaults, name)) return `there is no fault "${name}"`;
  if (name === "outage") return typeof value === "boolean" ? null : "outage is true or false";
  if (name === "answerStyle") {
    const known = answerStyles.some((style) => style === value);
    return known ? null : `answerStyle is ${answerStyles.join(", ")}`;
  }
  const number = typeof value === "number" && value >= 0 ? value : Number.NaN;
  if (percents.has(name)) return number <= 100 ? null : `${name} is a percentage from 0 to 100`;
  const most = durations.has(name) ? LONGEST_MS : Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(number) && number <= most) return null;
  return `${name} is a whole number from 0 ${durations.has(name) ? `to ${most}` : "on"}`;
}

/** The faults in force; counted ones are used up by `take`. */
export function createFaultSwitches(initial: Partial<Faults>) {
  let faults: Faults = { ...noFaults, ...parseFaults(initial) };
  return {
    now: () => faults,
    set(change: Partial<Faults>): void {
      faults = { ...faults, ...parseFaults(change) };
    },
    /** Uses one of a counted fault, if there is one left. */
    take(name: "dropProvisionAnswers" | "dropAnswers" | "failNext" | "resetNext"): boolean {
      if (faults[name] < 1) return false;
      faults = { ...faults, [name]: faults[name] - 1 };
      return true;
    },
  };
}

export type FaultSwitches = ReturnType<typeof createFaultSwitches>;
