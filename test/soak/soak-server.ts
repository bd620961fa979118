import { type Sandbox, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import type { Stored } from "./accounts.ts";
import type { Weather } from "./course.ts";

/** Between two looks no more readings arrive than this, not even of a long outage. */
const KEPT_POINTS = 5_000;

export interface SoakServer extends AsyncDisposable {
  /** Of the proxy in front of it. */
  readonly port: number;
  setWeather(weather: Weather): void;
  /** Makes the device known. Returns its token. */
  admit(deviceName: string): string;
  /** Notes what has arrived since the last time, and returns all of it. */
  storedOf(deviceName: string): Stored;
}

/** The sandbox behind a proxy that makes the weather. */
export async function startSoakServer(seed: number): Promise<SoakServer> {
  await using parts = new AsyncDisposableStack();
  const sandbox: Sandbox = parts.use(
    await startSandbox({ httpPort: null, seed, keepPoints: KEPT_POINTS }),
  );
  const upstream = { host: "127.0.0.1", port: sandbox.port };
  const proxy = parts.use(await startFaultProxy({ upstream, seed }));
  const stored = new Map<string, Map<number, Set<number>>>();
  const kept = parts.move();
  return {
    port: proxy.port,
    setWeather({ link, faults }) {
      proxy.setFaults(link);
      sandbox.setFaults(faults);
    },
    admit: (deviceName) => sandbox.preprovision(deviceName),
    storedOf(deviceName) {
      const numbers = stored.get(deviceName) ?? new Map<number, Set<number>>();
      stored.set(deviceName, numbers);
      const { recent } = sandbox.state().devices[deviceName]?.telemetry.keys["n"] ?? { recent: [] };
      for (const { ts, value } of recent) {
        const n = Number(value);
        numbers.set(n, (numbers.get(n) ?? new Set()).add(ts));
      }
      return numbers;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
