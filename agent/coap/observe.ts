import { abortingWith, untilAborted } from "../aborting.ts";
import { backoffMs } from "../backoff.ts";
import type { Clock, Observation, Random } from "../ports.ts";
import { sleep } from "../timing.ts";
import { CoapError } from "./coap-error.ts";
import type { Connection } from "./connection.ts";
import type { Endpoint } from "./endpoint.ts";
import { isObserved, isSuccess, METHOD } from "./message.ts";
import { createObservationBuffer } from "./observation-buffer.ts";
import { createRegistration, type End, endOfCode, type Registration } from "./registration.ts";
import { requestOptions } from "./request-options.ts";
import type { CoapSettings } from "./settings.ts";
import type { Transfers } from "./transfers.ts";

export interface ObserveDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: CoapSettings;
  readonly connection: Connection;
  readonly transfers: Transfers;
  /** Aborts with the client. */
  readonly closing: AbortSignal;
}

/** A registration that the server knows, and where. */
interface Standing {
  readonly registration: Registration;
  readonly endpoint: Endpoint;
  readonly token: string;
}

/** A registration that lived this long clears the back-off. */
const STABLE_MS = 60_000;

/** Keeps one resource observed until the signal aborts, the reader leaves, or the client closes. */
export function observe(
  deps: ObserveDeps,
  path: readonly string[],
  signal: AbortSignal,
): AsyncIterable<Observation> {
  return {
    [Symbol.asyncIterator]() {
      const buffer = createObservationBuffer(deps.settings.maxUndelivered);
      const life = abortingWith(signal, deps.closing);
      const stop = () => {
        life.abort();
        life[Symbol.dispose]();
        buffer.close();
      };
      life.signal.addEventListener("abort", stop, { once: true });
      if (life.signal.aborted) stop();
      // What is thrown here is no failure of the network, so the reader has to see it.
      else keepRegistered(deps, path, buffer.push, life.signal).catch(buffer.close);
      return {
        next: buffer.next,
        async return() {
          stop();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function keepRegistered(
  deps: ObserveDeps,
  path: readonly string[],
  emit: (observation: Observation) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, settings, connection } = deps;
  let standing: Standing | undefined;
  let endsInARow = 0;
  let gapsInARow = 0;
  const delayMs = (attempt: number) =>
    backoffMs(settings.observeBackoff, attempt, random.fraction());

  try {
    for (;;) {
      // ThingsBoard's old registration stands, and its notifications count, until the new one is answered.
      const attempt = await register(deps, path, emit, () => delayMs(gapsInARow), signal);
      if (standing) retire(standing);
      standing = attempt.standing;
      const openedAt = clock.monotonic();
      const end = attempt.standing
        ? await endOf(attempt.standing, connection, signal)
        : attempt.end;
      if (clock.monotonic() - openedAt >= STABLE_MS) endsInARow = 0;

      if (end.kind === "renew") {
        gapsInARow = end.because === "gap" ? gapsInARow + 1 : 0;
        if (standing?.registration.hasMaxAge) {
          // RFC 7641 §4.1: under a new token such a server would observe once more. ThingsBoard displaces
          // the old one. First, as libcoap takes what comes later for the end of the new one.
          cancel(standing, path);
          standing = undefined;
        }
        continue;
      }
      if (standing) retire(standing);
      standing = undefined;
      emit(end);
      await sleep(clock, delayMs(endsInARow++), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (standing) cancel(standing, path);
  }
}

type Attempt =
  | { readonly standing: Standing; readonly end?: never }
  | { readonly standing?: never; readonly end: End };

/** One attempt, with a fresh token: after a 5.00 ThingsBoard takes a known one for a duplicate. */
async function register(
  { clock, random, settings, transfers }: ObserveDeps,
  path: readonly string[],
  emit: (observation: Observation) => void,
  gapDelayMs: () => number,
  signal: AbortSignal,
): Promise<Attempt> {
  const registration = createRegistration({
    clock,
    random,
    settings,
    emit,
    gapDelayMs,
    complete: (first, wanted) => transfers.complete(path, first, wanted),
  });
  let made: Standing | undefined;
  const failed = (end: End): Attempt => {
    registration[Symbol.dispose]();
    if (made) cancel(made, path);
    return { end };
  };

  try {
    const { message, token, endpoint } = await transfers.register(
      path,
      registration.observer,
      signal,
    );
    // RFC 7641 §3.1: anything but a 2.xx with Observe leaves nothing behind.
    if (!isObserved(message)) return failed(endOfCode(message.code));
    made = { registration, endpoint, token };
    const whole = await transfers.complete(path, message, signal);
    if (!isSuccess(whole.code)) return failed(endOfCode(whole.code));
    registration.open({ ...message, payload: whole.payload });
    return { standing: made };
  } catch (error) {
    const attempt = failed({ kind: "lost", ...(error instanceof CoapError && { error }) });
    if (signal.aborted || !(error instanceof CoapError)) throw error;
    return attempt;
  }
}

async function endOf(
  { registration, endpoint }: Standing,
  connection: Connection,
  signal: AbortSignal,
): Promise<End> {
  using _disturbance = connection.onDisturbed(() => registration.renew("disturbed"));
  if (!endpoint.isUsable) registration.renew("disturbed");
  return await untilAborted(registration.ended, signal);
}

function retire({ registration, endpoint, token }: Standing): void {
  registration[Symbol.dispose]();
  endpoint.retire(token);
}

/** RFC 7641 §3.6. ThingsBoard does not answer it, so nobody waits; a client that closes does not even send it. */
function cancel(standing: Standing, path: readonly string[]): void {
  const { endpoint, token } = standing;
  retire(standing);
  endpoint.tell(token, METHOD.GET, requestOptions({ path }, { observe: 1 }));
}
