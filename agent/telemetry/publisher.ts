import { isWorthLogging } from "../backoff.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import { isServerFault } from "../thingsboard/answer.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import type { Refusal, SerialiseOptions } from "../thingsboard/serialise.ts";
import { type Batch, packBatch } from "./batch.ts";
import { createCulprits } from "./culprits.ts";
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

/** `refused`: the server answered, and took nothing; the next message is smaller, or without the culprit. */
export type Published = "delivered" | "refused" | "empty";

export interface Publisher {
  /**
   * Sends one message and settles its entries after a 2.xx.
   * @throws AgentError `unauthorized` or `transient`: nothing was settled, the samples wait
   */
  publish(accessToken: string, signal: AbortSignal): Promise<Published>;
}

export function createPublisher(deps: PublisherDeps): Publisher {
  const { api, outbox, serialise, clock, log } = deps;
  const culprits = createCulprits();
  const sayUnsendable = firstOfEachKey((key, reason) =>
    log.warn("reading cannot be sent", { key, reason }),
  );
  let maxEntries = MAX_ENTRIES;
  let messages = 0;

  const nextBatch = async (): Promise<Batch> => {
    const waiting = await outbox.next(MAX_ENTRIES);
    const unsuspected = waiting.filter(({ id }) => !culprits.isDeferred(id));
    const entries = unsuspected.length > 0 ? unsuspected : waiting;
    return packBatch(entries, { maxBytes: MAX_PAYLOAD_BYTES, maxEntries }, serialise);
  };

  /** The halves of a refused batch are tried alone, until one sample is left. */
  const bisect = async ({ entries }: Batch, error: AgentError): Promise<Published> => {
    maxEntries = Math.ceil(entries.length / 2);
    const [only, another] = entries;
    if (!only || another) return "refused";
    if (culprits.refusedAlone(only.id) === "deferred") {
      throw new AgentError("transient", `the server refuses what it is sent: ${error.message}`, {
        code: "P030",
        hint: "in ThingsBoard look at the device profile: its transport type must be Default, or CoAP with JSON payload",
        cause: error,
      });
    }
    await outbox.drop(entries, "refused");
    const { refused: dropped = 0 } = outbox.stats().droppedBy;
    if (isWorthLogging(dropped)) {
      const keys = Object.keys(only.readings).join(",");
      log.error("sample dropped, the server refuses it", {
        reason: error.message,
        keys,
        count: dropped,
      });
    }
    return "refused";
  };

  const failed = (batch: Batch, error: unknown): Promise<Published> => {
    if (error instanceof AgentError && error.kind === "rejected") return bisect(batch, error);
    // 5.00 is also how ThingsBoard limits data points: a smaller message may pass.
    if (isServerFault(error)) maxEntries = Math.ceil(batch.entries.length / 2);
    throw error;
  };

  const delivered = ({ entries }: Batch, bytes: number, tookMs: number) => {
    maxEntries = Math.min(MAX_ENTRIES, maxEntries * 2);
    culprits.accepted();
    // A line for each would be most of the log, and most of what the agent causes to be written to the card.
    const say = isWorthLogging(++messages) ? log.info : log.debug;
    say("delivered", { samples: entries.length, bytes, ms: Math.round(tookMs), messages });
  };

  return {
    async publish(accessToken, signal) {
      const batch = await nextBatch();
      const { payload } = batch;
      if (payload) {
        const startMs = clock.monotonic();
        try {
          await api.publishTelemetry(accessToken, payload, signal);
        } catch (error) {
          return await failed(batch, error);
        }
        delivered(batch, payload.length, clock.monotonic() - startMs);
      }
      sayUnsendable(batch.refused);
      await outbox.settle(batch.entries);
      return payload ? "delivered" : "empty";
    },
  };
}

/** A key that can never be sent is named once; a program that makes up keys does not fill the log. */
function firstOfEachKey(say: (key: string, reason: string) => void) {
  const said = new Set<string>();
  return (refused: readonly Refusal[]) => {
    for (const { key, reason } of refused) {
      if (said.has(key) || said.size >= MOST_KEYS_SAID) continue;
      said.add(key);
      say(key, reason);
    }
  };
}

const MOST_KEYS_SAID = 100;
