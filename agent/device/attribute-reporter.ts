import { backoffMs, isWorthLogging } from "../backoff.ts";
import { type Login, proofOf } from "../credentials.ts";
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
  /** Names of those that never leave the board. */
  readonly withheld: readonly string[];
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
  afterDelivery(login: Login, signal: AbortSignal): Promise<void>;
  /** Something that they tell of has changed: after the next delivery it is looked what. */
  recheck(): void;
  /** After the next delivery everything is gathered and sent anew, changed or not. */
  refresh(): void;
}

/**
 * Client attributes: all of them once a run, later only what has changed. The inventory follows when the server has the
 * others: its child process must neither delay the first value nor run beside the start.
 */
export function createAttributeReporter(deps: AttributeReporterDeps): AttributeReporter {
  const { gather, inventory, api, clock, random, log } = deps;
  const withheld = new Set(deps.withheld);
  /** Name -> value that the server has acknowledged, or refused: neither is sent again. */
  const settled = new Map<string, string>();
  let device: string | null = null;
  let dueMs = Number.NEGATIVE_INFINITY;
  let anew = false;
  let isStale = false;
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

  const send = async (login: Login, readings: Readings, signal: AbortSignal) => {
    const changed = Object.entries(readings).filter(
      ([name, value]) => !withheld.has(name) && settled.get(name) !== JSON.stringify(value),
    );
    const { payload, refused } = encodeAttributes(Object.fromEntries(changed));
    for (const { key, reason } of refused) log.warn("attribute cannot be sent", { key, reason });
    if (payload !== null) await post(login, payload, changed.length - refused.length, signal);
    for (const [name, value] of changed) settled.set(name, JSON.stringify(value));
  };

  const post = async (
    login: Login,
    payload: Uint8Array,
    attributes: number,
    signal: AbortSignal,
  ) => {
    try {
      await api.publishAttributes(login, payload, signal);
      log.info("attributes delivered", { attributes, bytes: payload.length });
    } catch (error) {
      if (!(error instanceof AgentError) || error.kind !== "rejected") throw error;
      // The same bytes would be refused again: they wait until a value changes.
      log.error("the server refuses the attributes", { reason: error.message, attributes });
    }
  };

  const report = async (login: Login, signal: AbortSignal) => {
    if (anew) settled.clear();
    anew = false;
    isStale = false;
    try {
      const facts = await withDeadline(clock, GATHER_LIMIT_MS, signal, tooSlow, gatherOnce);
      await send(login, facts, signal);
      await send(login, { ...(await inventory.read(signal)), ...facts }, signal);
      failures = 0;
      dueMs = clock.monotonic() + CHECK_MS;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AgentError) || error.kind === "bug") throw error;
      const { retryAfterMs = 0 } = error;
      dueMs = clock.monotonic() + retryAfterMs + backoffMs(RETRY, failures, random.fraction());
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
    afterDelivery(login, signal) {
      if (running !== null) return running;
      const proof = proofOf(login);
      if (proof !== device) {
        device = proof; // another device has none of them yet
        settled.clear();
        dueMs = Number.NEGATIVE_INFINITY;
      }
      // Neither breaks into a back-off.
      const isWanted = (anew || isStale) && failures === 0;
      if (clock.monotonic() < dueMs && !isWanted) return Promise.resolve();
      running = report(login, signal).finally(() => {
        running = null;
      });
      return running;
    },
    recheck() {
      isStale = true;
    },
    refresh() {
      anew = true;
    },
  };
}

const tooSlow = () =>
  new AgentError("sensor", "reading the files that the attributes are made of takes over 10 s", {
    hint: "is the card failing? see dmesg",
  });
