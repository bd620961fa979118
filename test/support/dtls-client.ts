import { onTestFinished } from "vitest";
import { createDtlsNetwork, type DtlsSettings } from "../../agent/dtls/network.ts";
import type { SessionStore } from "../../agent/dtls/sessions.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { ChannelEvents, Network } from "../../agent/ports.ts";
import { recordingLog } from "./recording-log.ts";

export interface DtlsClientOptions extends Partial<DtlsSettings> {
  readonly isClockSet?: boolean;
  /** The time for a handshake, where 28 s are too long for a test. */
  readonly handshakeMs?: number;
  readonly sessionStore?: SessionStore;
}

const HANDSHAKE_MS = 28_000;

/** The system's UDP, with an ear on what goes out. */
function tapped(sent: Uint8Array[]): Network {
  return {
    ...udpNetwork,
    async connect(address, events) {
      const channel = await udpNetwork.connect(address, events);
      return {
        send(datagram) {
          sent.push(Uint8Array.from(datagram));
          channel.send(datagram);
        },
        [Symbol.dispose]: () => channel[Symbol.dispose](),
      };
    },
  };
}

/** DTLS as the agent opens it, over the kernel's UDP, to a server on loopback that calls itself localhost. */
export function dtlsClient(anchors: string, options: DtlsClientOptions = {}) {
  const { isClockSet = true, handshakeMs = HANDSHAKE_MS, sessionStore, ...settings } = options;
  const log = recordingLog();
  const sent: Uint8Array[] = [];
  const network = createDtlsNetwork({
    udp: tapped(sent),
    clock: {
      ...systemClock,
      after: (ms, task) => systemClock.after(ms === HANDSHAKE_MS ? handshakeMs : ms, task),
    },
    isClockSet: () => isClockSet,
    settings: {
      serverName: "localhost",
      anchors,
      verify: true,
      pin: null,
      own: null,
      ...settings,
    },
    sessionStore: sessionStore ?? null,
    log,
  });
  onTestFinished(() => network[Symbol.dispose]());

  return {
    network,
    log,
    /** Every datagram that went out. */
    sent,
    /** Opens a channel that ends with the test; `next` waits for what the server says. */
    async connect(port: number) {
      const heard: string[] = [];
      let wake = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<string>();
      const events: ChannelEvents = {
        received(bytes) {
          heard.push(new TextDecoder().decode(bytes));
          wake.resolve();
          wake = Promise.withResolvers();
        },
        failed() {},
        closed: (code) => ended.resolve(code),
      };
      const channel = await network.connect({ host: "127.0.0.1", port }, events);
      onTestFinished(() => channel[Symbol.dispose]());
      return {
        channel,
        ended: ended.promise,
        say: (text: string) => channel.send(new TextEncoder().encode(text)),
        async next(): Promise<string> {
          while (heard.length === 0) await wake.promise;
          return heard.shift() ?? "";
        },
      };
    },
  };
}
