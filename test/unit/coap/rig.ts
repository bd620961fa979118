import { onTestFinished } from "vitest";
import { createCoapClient } from "../../../agent/coap/client.ts";
import { CoapError } from "../../../agent/coap/coap-error.ts";
import type { CoapSettings } from "../../../agent/coap/settings.ts";
import type { CoapRequest, CoapResponse } from "../../../agent/ports.ts";
import { recordingLog } from "../../support/recording-log.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { type Script, type Sent, type Socket, scriptedNetwork } from "./scripted-network.ts";

export const GET: CoapRequest = { method: "GET", path: ["attributes"] };
export const never = new AbortController().signal;

/** How a request ended: its response, or its error. Never rejects, so that nothing goes unhandled. */
export type Ending = CoapResponse | CoapError;

/** A client on a scripted network, on virtual time; both end with the test. */
export function coapRig(settings: Partial<CoapSettings> = {}, host = "192.0.2.1") {
  const clock = virtualClock();
  const network = scriptedNetwork(clock);
  const log = recordingLog();
  const server = { host, port: 5683 };
  network.resolveWith = async () => [host];
  const client = createCoapClient({
    network,
    clock,
    random: seededRandom(7),
    server,
    settings,
    log,
  });
  onTestFinished(() => client[Symbol.asyncDispose]());

  const start = (request: CoapRequest = GET, signal: AbortSignal = never) => {
    const ending: { now?: Ending } = {};
    client.request(request, signal).then(
      (response) => {
        ending.now = response;
      },
      (error: unknown) => {
        if (!(error instanceof CoapError)) throw error;
        ending.now = error;
      },
    );
    return ending;
  };

  return {
    clock,
    network,
    client,
    log,
    /** Begins a request and says, at any time, how it has ended. */
    start,
    /** Begins a request and lets virtual time pass until it has ended. */
    async ask(request: CoapRequest = GET, signal: AbortSignal = never): Promise<Ending> {
      const ending = start(request, signal);
      await clock.until(() => ending.now !== undefined);
      if (!ending.now) throw new Error("unreachable: until() has just seen it");
      return ending.now;
    },
    /** The peer answers every request, and nothing else, with what `answer` makes of it. */
    answerWith(answer: (sent: Sent, socket: Socket) => Partial<Script> | undefined) {
      network.onSent = (sent, socket) => {
        if (sent.code === "0.00") return;
        const script = answer(sent, socket);
        if (script)
          socket.deliver({
            type: "ACK",
            code: "2.05",
            mid: sent.mid,
            token: sent.token,
            ...script,
          });
      };
    },
  };
}
