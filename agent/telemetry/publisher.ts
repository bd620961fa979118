import { AgentError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import { isServerFault } from "../thingsboard/answer.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { Refusal, SerialiseOptions } from "../thingsboard/serialise.ts";
import { type Batch, packBatch } from "./batch.ts";
import type { Outbox } from "./outbox.ts";

/** RFC 7959's largest block: what fits into one datagram everywhere ThingsBoard listens. */
const MAX_PAYLOAD_BYTES = 1_024;
const MAX_ENTRIES = 32;

export interface PublisherDeps {
  readonly api: DeviceApi;
  readonly outbox: Outbox;
  readonly serialise: SerialiseOptions;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Publisher {
  /**
   * Sends one message and settles its entries after a 2.xx. Resolves to false when there was nothing to send.
   * @throws AgentError `unauthorized` or `transient`: nothing was settled, the samples wait
   */
  publish(accessToken: string, signal: AbortSignal): Promise<boolean>;
  /** Readings and samples that no server would take, since the start. */
  rejected(): number;
}

export function createPublisher(deps: PublisherDeps): Publisher {
  const { api, outbox, serialise, clock, log } = deps;
  let maxEntries = MAX_ENTRIES;
  let rejected = 0;
  const known = new Set<string>();

  const noteRefused = (refused: readonly Refusal[]) => {
    for (const { key, reason } of refused) {
      rejected++;
      if (known.has(key) || known.size >= 100) continue;
      known.add(key);
      log.warn("reading cannot be sent", { key, reason });
    }
  };

  const delivered = (batch: Batch, bytes: number, tookMs: number) => {
    maxEntries = Math.min(MAX_ENTRIES, maxEntries * 2);
    log.info("delivered", { samples: batch.entries.length, bytes, ms: Math.round(tookMs) });
  };

  /** The halves of a refused batch are tried alone, until one sample is left: that one is the culprit. */
  const bisect = async (batch: Batch, error: AgentError) => {
    if (batch.entries.length > 1) {
      maxEntries = Math.ceil(batch.entries.length / 2);
      return;
    }
    rejected++;
    await outbox.settle(batch.entries);
    const keys = batch.entries.flatMap(({ readings }) => Object.keys(readings)).join(",");
    log.error("sample dropped, the server refuses it", { reason: error.message, keys });
  };

  return {
    async publish(accessToken, signal) {
      const batch = packBatch(
        await outbox.next(maxEntries),
        { maxBytes: MAX_PAYLOAD_BYTES, maxEntries },
        serialise,
      );
      if (batch.entries.length === 0) return false;
      const { payload } = batch;
      if (payload) {
        const startMs = clock.monotonic();
        try {
          await api.publishTelemetry(accessToken, payload, signal);
        } catch (error) {
          if (error instanceof AgentError && error.kind === "rejected") {
            await bisect(batch, error);
            return true;
          }
          // 5.00 is also how ThingsBoard limits data points: a smaller message may pass.
          if (isServerFault(error)) maxEntries = Math.ceil(maxEntries / 2);
          throw error;
        }
        delivered(batch, payload.length, clock.monotonic() - startMs);
      }
      noteRefused(batch.refused);
      await outbox.settle(batch.entries);
      return payload !== null;
    },
    rejected: () => rejected,
  };
}
