import { backoffMs, isWorthLogging } from "../backoff.ts";
import { AgentError } from "../errors.ts";
import type { Clock, Inventory, Logger, Random, Readings } from "../ports.ts";
import { encodeAttributes } from "../thingsboard/attributes.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import { withDeadline } from "../timing.ts";

/** How often it is looked whether an address, a name or the card has changed. */
const CHECK_MS = 15 * 60_000;
/** Small files of the kernel and of the card: it takes longer only when the card hangs. */
const GATHER_LIMIT_MS = 10_000;
const RETRY = { baseMs: 10_000, maxMs: CHECK_MS };

export interface AttributeReporterDeps {
  readonly gather: () => Promise<Readings>;
  readonly inventory: Inventory;
  readonly api: Pick<DeviceApi, "publishAttributes">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface AttributeReporter {
  /**
   * The server has just acknowledged telemetry: a good moment, and after the first one the earliest. Resolves at once
   * when nothing is due. Only a bug rejects it; after `signal` it resolves soon.
   */
  afterDelivery(accessToken: string, signal: AbortSignal): Promise<void>;
  /** After the next delivery everything is gathered and sent anew, changed or not. */
  refresh(): void;
  /** Something has changed: the next delivery is as good a moment as the first one. */
  lookSoon(): void;
}

/**
 * Client attributes: all of them once a run, later only what has changed. The inventory follows when the server has the
 * others: its child process must neither delay the first value nor run beside the start.
 */
export function createAttributeReporter(deps: AttributeReporterDeps): AttributeReporter {
  const { gather, inventory, api, clock, random, log } = deps;
  /** Name -> value that the server has acknowledged, or refused: neither is sent again. */
  const settled = new Map<string, string>();
  let device: string | null = null;
  let dueMs = Number.NEGATIVE_INFINITY;
  let anew = false;
  let soon = false;
  let failures = 0;
  let running: Promise<void> | null = null;
  let gathering: Promise<Readings> | null = null;

  /** A read that hangs is waited for again, never doubled: each would hold a thread. */
  const gatherOnce = () => {
    gathering ??= gather().finally(() => {
      gathering = null;
    });
    return gathering;
  };

  const send = async (accessToken: string, readings: Readings, signal: AbortSignal) => {
    const changed = Object.entries(readings).filter(
      ([name, value]) => settled.get(name) !== JSON.stringify(value),
    );
    const { payload, refused } = encodeAttributes(Object.fromEntries(changed));
    for (const { key, reason } of refused) log.warn("attribute cannot be sent", { key, reason });
    if (payload !== null) await post(accessToken, payload, changed.length - refused.length, signal);
    for (const [name, value] of changed) settled.set(name, JSON.stringify(value));
  };

  const post = async (
    accessToken: string,
    payload: Uint8Array,
    attributes: number,
    signal: AbortSignal,
  ) => {
    try {
      await api.publishAttributes(accessToken, payload, signal);
      log.info("attributes delivered", { attributes, bytes: payload.length });
    } catch (error) {
      if (!(error instanceof AgentError) || error.kind !== "rejected") throw error;
      // The same bytes would be refused again: they wait until a value changes.
      log.error("the server refuses the attributes", { reason: error.message, attributes });
    }
  };

  const report = async (accessToken: string, signal: AbortSignal) => {
    if (anew) settled.clear();
    anew = false;
    soon = false;
    try {
      const facts = await withDeadline(clock, GATHER_LIMIT_MS, signal, tooSlow, gatherOnce);
      await send(accessToken, facts, signal);
      await send(accessToken, { ...(await inventory.read(signal)), ...facts }, signal);
      failures = 0;
      dueMs = soon ? Number.NEGATIVE_INFINITY : clock.monotonic() + CHECK_MS;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AgentError) || error.kind === "bug") throw error;
      dueMs = clock.monotonic() + backoffMs(RETRY, failures, random.fraction());
      failures++;
      if (!isWorthLogging(failures)) return;
      const { message, hint, code } = error;
      log.warn("attributes could not be sent, they wait", {
        reason: message,
        code,
        count: failures,
        hint,
      });
    }
  };

  return {
    afterDelivery(accessToken, signal) {
      if (running !== null) return running;
      if (accessToken !== device) {
        device = accessToken; // another device has none of them yet
        settled.clear();
        dueMs = Number.NEGATIVE_INFINITY;
      }
      // A refresh does not break into a back-off.
      if (clock.monotonic() < dueMs && !(anew && failures === 0)) return Promise.resolve();
      running = report(accessToken, signal).finally(() => {
        running = null;
      });
      return running;
    },
    refresh() {
      anew = true;
    },
    lookSoon() {
      soon = true;
      if (failures === 0) dueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

const tooSlow = () =>
  new AgentError("sensor", "reading the files that the attributes are made of takes over 10 s", {
    hint: "is the card failing? see dmesg",
  });
