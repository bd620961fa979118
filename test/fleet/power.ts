import type { Clock, DatagramChannel, Network } from "../../agent/ports.ts";

export interface Power {
  /** Monotonic time begins with the power. */
  readonly clock: Clock;
  readonly network: Network;
  /** Whatever ran on it does not go on: no timer fires, no datagram leaves or arrives. */
  cut(): void;
}

/** A machine booted some seconds ago. */
const BOOTED_MS = 20_000;
const nothing: Disposable = { [Symbol.dispose]() {} };

/** Time and network of one life of a board, from the world's. */
export function switchedOn(clock: Clock, network: Network): Power {
  const since = clock.monotonic() - BOOTED_MS;
  const timers = new Set<Disposable>();
  const channels = new Set<DatagramChannel>();
  let isOn = true;
  return {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() - since,
      after(ms, task) {
        if (!isOn) return nothing;
        const timer = clock.after(ms, () => {
          timers.delete(timer);
          task();
        });
        timers.add(timer);
        return {
          [Symbol.dispose]() {
            timers.delete(timer);
            timer[Symbol.dispose]();
          },
        };
      },
    },
    network: {
      resolve: (host) => network.resolve(host),
      async connect(address, events) {
        const channel = await network.connect(address, {
          received: (datagram) => isOn && events.received(datagram),
          failed: (code) => isOn && events.failed(code),
          closed: (code) => isOn && events.closed(code),
        });
        channels.add(channel);
        if (!isOn) channel[Symbol.dispose](); // the power went while it was opened
        return {
          ...channel,
          send: (datagram) => channel.send(datagram),
          [Symbol.dispose]() {
            channels.delete(channel);
            channel[Symbol.dispose]();
          },
        };
      },
    },
    cut() {
      isOn = false;
      for (const each of [...timers, ...channels]) each[Symbol.dispose]();
      timers.clear();
      channels.clear();
    },
  };
}
