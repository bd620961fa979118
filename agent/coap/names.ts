import type { Clock, Network } from "../ports.ts";
import { withDeadline } from "../timing.ts";
import { CoapError } from "./coap-error.ts";

export interface Names {
  /**
   * Addresses of the host, best first, asked anew; the last good ones when DNS fails.
   * @throws CoapError `resolve` when there never were any
   */
  lookUp(signal: AbortSignal): Promise<readonly string[]>;
}

export interface NamesDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly host: string;
  readonly deadlineMs: number;
}

export function createNames({ network, clock, host, deadlineMs }: NamesDeps): Names {
  let lastGood: readonly string[] = [];
  let asking: Promise<readonly string[]> | undefined;

  /** One at a time: a hung resolver keeps a thread of the pool, and a second question would keep another. */
  const ask = () => {
    asking ??= network
      .resolve(host)
      .then((addresses) => {
        if (addresses.length === 0) throw new Error("the name has no address");
        lastGood = addresses;
        return addresses;
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };

  return {
    async lookUp(signal) {
      const late = () => new Error(`no answer within ${deadlineMs / 1000} s`);
      try {
        return await withDeadline(clock, deadlineMs, signal, late, ask);
      } catch (cause) {
        signal.throwIfAborted();
        if (lastGood.length > 0) return lastGood;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new CoapError("resolve", `the name ${host} could not be looked up: ${why}`, {
          cause,
          hint: `check the name in the server URL, then the DNS of this network: resolvectl query ${host}`,
        });
      }
    },
  };
}

/** The order to try them in: as the DNS says, but beginning after the one that failed last. */
export function addressOrder(
  addresses: readonly string[],
  lastFailed: string | undefined,
): readonly string[] {
  const start = lastFailed === undefined ? 0 : addresses.indexOf(lastFailed) + 1;
  return [...addresses.slice(start), ...addresses.slice(0, start)];
}
