import { backoffMs, isWorthLogging } from "../backoff.ts";
import { type Credentials, proofOf } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger, Random } from "../ports.ts";
import type { Provisioner } from "./provisioner.ts";

/** A candidate whose question was not answered is asked about with the next delivery, but not before. */
const RETRY = { baseMs: 10_000, maxMs: 15 * 60_000 };

export interface RotationDeps {
  readonly provisioner: Provisioner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What the device loop has to do with tokens that come while it runs: `Provisioner.rotate` may be called at any time. */
export interface Rotation {
  /** Aborts when a new token has been accepted that nobody has taken yet. */
  readonly arrived: AbortSignal;
  /** Credentials that are to be used from now on; null: those in use. */
  take(): Credentials | null;
  /** The server is there: a candidate that has no answer yet is asked about. Only a bug rejects it. */
  afterDelivery(signal: AbortSignal): Promise<void>;
  /**
   * The server refuses the token in use. ThingsBoard has one token a device: when it takes the new one it refuses the old,
   * so a candidate that it refused before is asked about as well. Only a bug rejects it.
   */
  afterRevocation(signal: AbortSignal): Promise<void>;
}

export function followRotation({ provisioner, clock, random, log }: RotationDeps): Rotation {
  let arrived = new AbortController();
  let accepted: Credentials | null = null;
  /** The server has said no: it is not asked about this one again before it refuses the token in use, too. */
  let refused: string | null = null;
  let dueMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let asking: Promise<void> | null = null;
  provisioner.onRotated((credentials) => {
    const { deviceName: name } = credentials;
    log.notice("the access token was replaced", { name: name ?? "(made by the server)" });
    accepted = credentials;
    arrived.abort();
  });

  const ask = async (token: string, signal: AbortSignal) => {
    try {
      await provisioner.retryCandidate(signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AgentError) || error.kind === "bug") throw error;
      const { retryAfterMs = 0 } = error;
      dueMs = clock.monotonic() + retryAfterMs + backoffMs(RETRY, failures, random.fraction());
      failures++;
      const isNews = error.kind === "unauthorized" ? token !== refused : isWorthLogging(failures);
      if (error.kind === "unauthorized") refused = token;
      const { message, code, hint } = error;
      if (isNews) log.warn("the new access token waits", { reason: message, code, hint });
    }
  };

  return {
    get arrived() {
      return arrived.signal;
    },
    take() {
      const credentials = accepted;
      if (credentials !== null) arrived = new AbortController();
      accepted = null;
      return credentials;
    },
    afterDelivery(signal) {
      if (asking !== null) return asking;
      const candidate = provisioner.candidate();
      if (candidate === null || proofOf(candidate) === refused || clock.monotonic() < dueMs)
        return Promise.resolve();
      asking = ask(proofOf(candidate), signal).finally(() => {
        asking = null;
      });
      return asking;
    },
    async afterRevocation(signal) {
      const candidate = provisioner.candidate();
      if (candidate !== null) await ask(proofOf(candidate), signal);
    },
  };
}
