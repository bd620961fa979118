import type { Clock } from "../ports.ts";
import { CoapError, type CoapPhase } from "./coap-error.ts";
import type { Message } from "./message.ts";
import type { CoapSettings } from "./settings.ts";

/** What became of a message of ours. A ping is answered by a RST. */
export type Outcome =
  | { readonly kind: "answered"; readonly message: Message }
  | { readonly kind: "failed"; readonly error: CoapError };

/** One CON or NON of ours, from its first transmission until it ends, once. */
export interface Exchange {
  readonly messageId: number;
  /** "" for a ping. */
  readonly token: string;
  readonly confirmable: boolean;
  /** The block of an upload that it carries. */
  readonly block1Num: number | undefined;
  /** The size of the datagram. */
  readonly bytes: number;
  /** Monotonic; the first transmission. */
  readonly startedAt: number;
  readonly retransmitted: boolean;
  /** The first transmission. The exchange may end before this returns. */
  start(): void;
  /** The peer has it: no more retransmissions, the deadline goes on. */
  acknowledged(): void;
  /** The port of the peer is closed, says an ICMP message, which anybody can forge. */
  refused(errno: string): void;
  end(outcome: Outcome): void;
}

export interface ExchangeDeps {
  readonly clock: Clock;
  readonly settings: Pick<CoapSettings, "ackTimeoutMs" | "ackRandomFactor" | "maxRetransmit">;
  readonly messageId: number;
  readonly token: string;
  readonly confirmable: boolean;
  readonly block1Num: number | undefined;
  readonly deadlineMs: number;
  /** In [0, 1): the jitter of the first wait. */
  readonly jitter: number;
  readonly bytes: number;
  /** Whom it goes to, for messages. */
  readonly peer: string;
  transmit(isRetransmission: boolean): void;
  ended(outcome: Outcome): void;
}

/** Retransmits a CON after t, 2t, 4t, 8t (RFC 7252 §4.2). */
export function createExchange(deps: ExchangeDeps): Exchange {
  const { clock, settings, confirmable, deadlineMs, peer } = deps;
  const firstWaitMs = settings.ackTimeoutMs * (1 + (settings.ackRandomFactor - 1) * deps.jitter);
  let transmissions = 0;
  let lastRefused = 0;
  let phase: CoapPhase = confirmable ? "ack" : "response";
  let over = false;
  /** Monotonic; when the next transmission is due, while there is one. */
  let retryAt = Number.POSITIVE_INFINITY;
  /** One for whichever is due first: a timer costs as much as the message. */
  let timer: Disposable | undefined;

  const end = (outcome: Outcome) => {
    if (over) return;
    over = true;
    timer?.[Symbol.dispose]();
    deps.ended(outcome);
  };
  const fail = (error: CoapError) => end({ kind: "failed", error });
  const timedOut = () => {
    const afterMs = clock.monotonic() - exchange.startedAt;
    const hint = "check that the server runs and that UDP gets through to its port";
    const text = timeoutText(peer, phase, transmissions, afterMs);
    fail(new CoapError("timeout", text, phase === "ack" ? { phase, hint } : { phase }));
  };

  const arm = () => {
    const endsAt = exchange.startedAt + deadlineMs;
    const dueAt = Math.min(retryAt, endsAt);
    timer = clock.after(Math.max(0, dueAt - clock.monotonic()), () => {
      if (retryAt > endsAt) return timedOut();
      if (transmissions > settings.maxRetransmit) return timedOut();
      transmit();
    });
  };

  const transmit = () => {
    if (confirmable) retryAt = clock.monotonic() + firstWaitMs * 2 ** transmissions;
    transmissions++;
    exchange.retransmitted = transmissions > 1;
    arm();
    deps.transmit(exchange.retransmitted);
  };

  // Fields, not getters: a getter in a literal is a trip into the engine for each message.
  const exchange: Mutable<Exchange> = {
    messageId: deps.messageId,
    token: deps.token,
    confirmable,
    block1Num: deps.block1Num,
    bytes: deps.bytes,
    startedAt: Number.NaN,
    retransmitted: false,
    start() {
      exchange.startedAt = clock.monotonic();
      transmit();
    },
    acknowledged() {
      if (phase === "ack") phase = "response";
      retryAt = Number.POSITIVE_INFINITY;
      timer?.[Symbol.dispose]();
      if (!over) arm();
    },
    refused(errno) {
      // The next transmission decides: only a refusal of two of them is believed.
      if (lastRefused > 0 && lastRefused !== transmissions) {
        const text = `${peer} refuses CoAP: nothing listens on that port`;
        const hint = "check that the server runs and that the port in its URL is the CoAP port";
        fail(new CoapError("unreachable", text, { errno, hint }));
      }
      lastRefused = transmissions;
    },
    end,
  };
  return exchange;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function timeoutText(peer: string, phase: CoapPhase, sent: number, afterMs: number): string {
  const limit = `within ${Math.round(afterMs / 1000)} s`;
  const times = sent === 1 ? "once" : `${sent} times`;
  return phase === "ack"
    ? `${peer} did not react ${limit}: sent ${times}, never acknowledged`
    : `${peer} did not answer ${limit}: the request went out, its response never came`;
}
