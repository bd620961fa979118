import type { Clock, Observation, Random } from "../ports.ts";
import { CoapError } from "./coap-error.ts";
import { CODE, formatCode, isObserved, isSuccess, type Message } from "./message.ts";
import { type Freshness, follow } from "./observe-order.ts";
import type { CoapSettings } from "./settings.ts";
import type { Observer } from "./tables.ts";
import { toResponse } from "./to-response.ts";

/** Why a registration is over, or has to be made again. */
export type End =
  /** It still stands: its time is up, or something may have been lost. */
  | { readonly kind: "renew"; readonly because: "age" | "gap" | "disturbed" }
  | { readonly kind: "displaced" }
  | { readonly kind: "lost"; readonly code?: string; readonly error?: Error };

/** ThingsBoard's 2.02 says that somebody else observes in our place. */
export const endOfCode = (code: number): End =>
  code === CODE.deleted ? { kind: "displaced" } : { kind: "lost", code: formatCode(code) };

/** One token's worth of an observation: order, gaps and lifetime start afresh with each. */
export interface Registration extends Disposable {
  /** To be given to the message layer together with the request. */
  readonly observer: Observer;
  /** The registration succeeded with this answer; what was notified since then follows it. */
  open(answer: Message): void;
  renew(because: "gap" | "disturbed"): void;
  /** The server says Max-Age, as ThingsBoard never does. */
  readonly hasMaxAge: boolean;
  readonly ended: Promise<End>;
}

export interface RegistrationDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Pick<CoapSettings, "reregisterMinMs" | "reregisterMaxMs" | "maxUndelivered">;
  /** Before a gap makes it register again. */
  gapDelayMs(): number;
  emit(observation: Observation): void;
  /** The rest of a notification that carries only a first block. */
  complete(first: Message, signal: AbortSignal): Promise<Message>;
}

/** RFC 7641 §3.3.1: wait 5 to 15 s after Max-Age has passed. */
const AFTER_MAX_AGE_MS = { min: 5_000, max: 15_000 } as const;

export function createRegistration(deps: RegistrationDeps): Registration {
  const { clock, random, settings, emit } = deps;
  const { promise: ended, resolve: end } = Promise.withResolvers<End>();
  const early: (() => void)[] = [];
  let newest: Freshness | undefined;
  let isOpen = false;
  let gapPending = false;
  let renewal: Disposable | undefined;
  let gapRenewal: Disposable | undefined;
  let assembly: AbortController | undefined;
  let periodicAt = 0;
  let hasMaxAge = false;

  const between = (min: number, max: number) => min + (max - min) * random.fraction();

  /** ThingsBoard sends no Max-Age: then only the period counts, for each refresh makes it send events. */
  const scheduleRenewal = (maxAge: number | undefined) => {
    if (maxAge !== undefined) hasMaxAge = true;
    const now = clock.monotonic();
    const staleAt =
      maxAge === undefined
        ? Number.POSITIVE_INFINITY
        : now + maxAge * 1_000 + between(AFTER_MAX_AGE_MS.min, AFTER_MAX_AGE_MS.max);
    renewal?.[Symbol.dispose]();
    renewal = clock.after(Math.min(periodicAt, staleAt) - now, () =>
      end({ kind: "renew", because: "age" }),
    );
  };

  const noteGap = () => {
    gapPending = true;
    gapRenewal ??= clock.after(deps.gapDelayMs(), () => end({ kind: "renew", because: "gap" }));
  };

  const emitNotification = (message: Message) => {
    emit({ kind: "notification", response: toResponse(message), gap: gapPending });
    gapPending = false;
  };

  /** RFC 7959 §2.6: a notification carries the first block, the others are asked for. */
  const assemble = (first: Message) => {
    const mine = new AbortController();
    assembly = mine;
    deps.complete(first, mine.signal).then(
      (whole) => {
        if (mine.signal.aborted) return;
        assembly = undefined;
        if (isSuccess(whole.code)) emitNotification(whole);
        else noteGap();
      },
      () => {
        // The content is lost, whatever the reason; reading everything again is the way to get it.
        if (mine.signal.aborted) return;
        assembly = undefined;
        noteGap();
      },
    );
  };

  const notified = (message: Message, atMs: number) => {
    // RFC 7641 §3.2: an error, or a response without Observe, is the last one.
    if (!isObserved(message)) return end(endOfCode(message.code));

    const next: Freshness = { number: message.options.observe ?? 0, atMs };
    const judged = newest ? follow(newest, next) : { newest: next, gap: false };
    newest = judged.newest;
    if (judged.gap) noteGap();
    if (assembly) {
      assembly.abort();
      assembly = undefined;
      noteGap();
    }
    scheduleRenewal(message.options.maxAge);
    if (message.options.block2?.more) assemble(message);
    else emitNotification(message);
  };

  return {
    observer(event) {
      if (event instanceof CoapError) return end({ kind: "lost", error: event });
      const atMs = clock.monotonic();
      if (isOpen) return notified(event, atMs);
      // It overtook the answer on its way through our own promises: it has to wait for it.
      early.push(() => notified(event, atMs));
      if (early.length > settings.maxUndelivered) {
        early.shift();
        gapPending = true;
      }
    },
    open(answer) {
      isOpen = true;
      periodicAt = clock.monotonic() + between(settings.reregisterMinMs, settings.reregisterMaxMs);
      newest = { number: answer.options.observe ?? 0, atMs: clock.monotonic() };
      scheduleRenewal(answer.options.maxAge);
      emit({ kind: "registered", response: toResponse(answer) });
      for (const notify of early.splice(0)) notify();
    },
    renew: (because) => end({ kind: "renew", because }),
    ended,
    get hasMaxAge() {
      return hasMaxAge;
    },
    [Symbol.dispose]() {
      renewal?.[Symbol.dispose]();
      gapRenewal?.[Symbol.dispose]();
      assembly?.abort();
    },
  };
}
