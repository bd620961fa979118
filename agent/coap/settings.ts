import type { BackoffPolicy } from "../backoff.ts";
import { AgentError } from "../errors.ts";

export interface CoapSettings {
  /** ACK_TIMEOUT, ACK_RANDOM_FACTOR, MAX_RETRANSMIT, NSTART: RFC 7252 §4.8. */
  readonly ackTimeoutMs: number;
  readonly ackRandomFactor: number;
  readonly maxRetransmit: number;
  readonly nstart: number;
  /** From the first transmission to the answer, where a request names none; at most 93 s. */
  readonly deadlineMs: number;
  readonly pingDeadlineMs: number;
  /** Longest wait for a turn, and for the first transmission, before a request fails. */
  readonly queueDeadlineMs: number;
  readonly maxQueued: number;
  /** New message IDs a second and source port. Above 265 an ID would come back within 247 s. */
  readonly messagesPerSecond: number;
  /** Largest body, up and down, in one message; larger ones go block-wise. A power of two from 16 to 1024. */
  readonly blockBytes: number;
  readonly maxBodyBytes: number;
  readonly maxBlocks: number;
  /** For all blocks of one body together. */
  readonly transferDeadlineMs: number;
  readonly resolveDeadlineMs: number;
  /** For one address: nothing over UDP, the handshake over DTLS. */
  readonly connectDeadlineMs: number;
  /** Deadlines in a row after which the socket is replaced. */
  readonly deadlinesBeforeReconnect: number;
  /** A healthy observation is registered again after a random time between these two. */
  readonly reregisterMinMs: number;
  readonly reregisterMaxMs: number;
  /** Before registering again what was lost, refused or displaced, and after a gap. */
  readonly observeBackoff: BackoffPolicy;
  /** Observations not yet taken by their reader; the oldest goes first. */
  readonly maxUndelivered: number;
  /** Notifications and the like remembered to recognise duplicates: about 130 bytes each. */
  readonly maxDeduplicated: number;
}

const DEFAULTS: CoapSettings = {
  ackTimeoutMs: 2_000,
  ackRandomFactor: 1.5,
  maxRetransmit: 4,
  nstart: 1,
  deadlineMs: 30_000,
  pingDeadlineMs: 10_000,
  queueDeadlineMs: 120_000,
  maxQueued: 256,
  messagesPerSecond: 200,
  blockBytes: 1_024,
  maxBodyBytes: 256 * 1_024,
  maxBlocks: 4_096,
  transferDeadlineMs: 300_000,
  resolveDeadlineMs: 10_000,
  connectDeadlineMs: 30_000,
  deadlinesBeforeReconnect: 2,
  reregisterMinMs: 5 * 60_000,
  reregisterMaxMs: 10 * 60_000,
  observeBackoff: { baseMs: 2_000, maxMs: 300_000 },
  maxUndelivered: 64,
  maxDeduplicated: 1_024,
};

/** Over DTLS nothing but silence tells that a session is gone, and a new one is cheap: one deadline is enough. */
export const settingsFor = (
  scheme: "coap" | "coaps",
  server: { readonly ack_timeout: number },
): Partial<CoapSettings> => ({
  ackTimeoutMs: server.ack_timeout,
  ...(scheme === "coaps" && { deadlinesBeforeReconnect: 1 }),
});

/** RFC 7252 §4.8.2: MAX_TRANSMIT_WAIT, EXCHANGE_LIFETIME and NON_LIFETIME. */
export const MAX_TRANSMIT_WAIT_MS = 93_000;
export const EXCHANGE_LIFETIME_MS = 247_000;
export const NON_LIFETIME_MS = 145_000;

/** Every token that can have finished within EXCHANGE_LIFETIME, at the pace of this client. */
export const maxFinishedTokens = ({
  messagesPerSecond,
  nstart,
}: Pick<CoapSettings, "messagesPerSecond" | "nstart">): number =>
  Math.ceil((messagesPerSecond * EXCHANGE_LIFETIME_MS) / 1_000 + nstart);

/** 65 536 message IDs in 247 s (RFC 7252 §4.4). */
const MAX_MESSAGES_PER_SECOND = 265;

/**
 * The defaults with `chosen` over them.
 * @throws AgentError `config` for a value no exchange could work with
 */
export function coapSettings(chosen: Partial<CoapSettings> = {}): CoapSettings {
  const settings = { ...DEFAULTS, ...chosen };
  const { blockBytes, deadlineMs, messagesPerSecond } = settings;
  const demand = (holds: boolean, text: string) => {
    if (!holds) throw new AgentError("config", `coap: ${text}`);
  };
  demand(
    blockBytes >= 16 && blockBytes <= 1_024 && Number.isInteger(Math.log2(blockBytes)),
    `blockBytes is ${blockBytes}, must be a power of two from 16 to 1024`,
  );
  demand(
    deadlineMs > 0 && deadlineMs <= MAX_TRANSMIT_WAIT_MS,
    `deadlineMs is ${deadlineMs}, must be above 0 and at most ${MAX_TRANSMIT_WAIT_MS}`,
  );
  demand(
    Number.isInteger(messagesPerSecond) &&
      messagesPerSecond >= 1 &&
      messagesPerSecond < MAX_MESSAGES_PER_SECOND,
    `messagesPerSecond is ${messagesPerSecond}, must be a whole number from 1 to ${MAX_MESSAGES_PER_SECOND - 1}`,
  );
  demand(settings.nstart >= 1, `nstart is ${settings.nstart}, must be at least 1`);
  demand(
    settings.reregisterMinMs <= settings.reregisterMaxMs,
    "reregisterMinMs is above reregisterMaxMs",
  );
  return settings;
}
