import type {
  Clock,
  DatagramChannel,
  Network,
  OwnCertificate,
  Random,
  SocketAddress,
} from "../ports.ts";
import { withDeadline } from "../timing.ts";
import { connectFailure } from "./channel-failure.ts";
import { CoapError } from "./coap-error.ts";
import { createEndpoint, type Endpoint } from "./endpoint.ts";
import type { Probing } from "./probing.ts";
import type { CoapSettings } from "./settings.ts";
import type { Counters } from "./stats.ts";

export interface OpenEndpointDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly server: SocketAddress;
  readonly settings: CoapSettings;
  readonly counters: Counters;
  readonly probing: Probing;
}

export interface Destination {
  readonly address: string;
  /** To be shown there; null: none. */
  readonly own: OwnCertificate | null;
}

export interface EndpointOwner {
  /** Its channel is of no use any more; it wants to be closed. */
  broken(endpoint: Endpoint, error: CoapError): void;
  closed(endpoint: Endpoint): void;
}

/**
 * A new channel to one address, with the message layer on it.
 * Rejects with a CoapError `unreachable` or `handshake`, or with the signal's reason.
 */
export async function openEndpoint(
  deps: OpenEndpointDeps,
  { address, own }: Destination,
  signal: AbortSignal,
  tell: EndpointOwner,
): Promise<Endpoint> {
  const { network, clock, server, settings, counters } = deps;
  const peer = peerName(server, address);
  let endpoint: Endpoint | undefined;
  let stillborn: CoapError | undefined;

  const channel = await openChannel();
  if (stillborn) {
    channel[Symbol.dispose]();
    throw stillborn;
  }
  counters.socketGenerations++;
  const made = createEndpoint({
    ...deps,
    channel,
    peer,
    broken: (error) => tell.broken(made, error),
    closed: () => tell.closed(made),
  });
  endpoint = made;
  return made;

  async function openChannel(): Promise<DatagramChannel> {
    const opening = network.connect(
      { host: address, port: server.port },
      {
        received: (datagram) => endpoint?.received(datagram),
        failed: (errno) => endpoint?.failed(errno),
        closed: (errno) => {
          if (endpoint) endpoint.closed(errno);
          else stillborn = connectFailure({ code: errno }, peer);
        },
      },
      own,
    );
    const late = () =>
      new CoapError("handshake", `${peer} did not complete the DTLS handshake in time`);
    try {
      return await withDeadline(clock, settings.connectDeadlineMs, signal, late, () => opening);
    } catch (error) {
      // A socket that opens after all is nobody's; a second failure adds nothing to the first.
      opening.then(
        (orphan) => orphan[Symbol.dispose](),
        () => undefined,
      );
      throw signal.aborted || error instanceof CoapError ? error : connectFailure(error, peer);
    }
  }
}

/** "coap.example.org:5683 (192.0.2.1)", or just the address where no name was given. */
export function peerName({ host, port }: SocketAddress, address: string): string {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return address === host ? authority : `${authority} (${address})`;
}
