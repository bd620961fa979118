import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "vitest";
import { createCoapClient } from "../../agent/coap/client.ts";
import type { ChannelEvents, Network } from "../../agent/ports.ts";
import { decode, encode, textBytes } from "../support/coap-bytes.ts";
import { outcomeOf, textOf } from "../support/coap-rig.ts";
import { memoryNetwork, type Reply } from "../support/memory-network.ts";
import { realClient } from "../support/real-client.ts";
import { recordingLog } from "../support/recording-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { proof } from "./proof.ts";

const GUESSES_PER_REQUEST = 10_000;

interface Asked {
  readonly mid: number;
  readonly token: Uint8Array;
  readonly reply: Reply;
}

const types = ["ACK", "CON", "NON"] as const;

/** Its sockets hear what is whispered to them as if it came from the server; what they say to a forger is counted only. */
function whispering(network: Network) {
  let events: ChannelEvents | null = null;
  let resets = 0;
  const isReset = (datagram: Uint8Array) => ((datagram[0] ?? 0) & 0x30) === 0x30;
  const wrapped: Network = {
    resolve: network.resolve,
    async connect(address, given) {
      const channel = await network.connect(address, given);
      events = given;
      return {
        send(datagram) {
          if (isReset(datagram)) resets++;
          else channel.send(datagram);
        },
        [Symbol.dispose]: () => channel[Symbol.dispose](),
      };
    },
  };
  return {
    network: wrapped,
    whisper: (datagram: Uint8Array) => events?.received(datagram),
    resets: () => resets,
  };
}

proof(
  16,
  "blind guesses with the right message ID are never taken for an answer",
  async ({ seed, count }) => {
    const guesses = count(1_000_000);
    const clock = virtualClock(undefined, { turns: 1 });
    const random = seededRandom(seed);
    const plain = memoryNetwork({ clock, random });
    const { network, whisper, resets } = whispering(plain);
    const server = { host: "192.0.2.1", port: 5683 };
    /** The one request that waits. */
    const asked: Asked[] = [];
    plain.listen(server, (datagram, reply) => {
      if (asked.length === 0) asked.push({ ...decode(datagram), reply });
    });
    const client = createCoapClient({
      ...{ network, clock, random: seededRandom(seed + 1), server, log: recordingLog() },
      // So long that the guesses of one request fall between two transmissions.
      settings: { messagesPerSecond: 200 },
    });
    const { signal } = new AbortController();

    for (let guessed = 0; guessed < guesses; guessed += GUESSES_PER_REQUEST) {
      asked.length = 0;
      const request = client.request({ method: "POST", path: ["telemetry"] }, signal);
      const outcome = outcomeOf(request);
      await clock.until(() => asked.length > 0);
      const { mid, token, reply } = asked[0] ?? expect.fail("nothing was sent");
      for (let guess = 0; guess < Math.min(GUESSES_PER_REQUEST, guesses); guess++) {
        const type = types[guess % types.length] ?? "ACK";
        // Some guesses are of the wrong length; none is right, or it would be no guess.
        const guessedToken = random.bytes(guess % 10 === 0 ? guess % 8 : 8);
        if (Buffer.compare(guessedToken, token) === 0) continue;
        const payload = textBytes("forged");
        whisper(encode({ type, code: "2.04", mid, token: guessedToken, payload }));
      }
      await clock.settle();
      expect(outcome.settled, `seed ${seed}, ${guessed} guesses`).toBe(false);
      reply(encode({ type: "ACK", code: "2.04", mid, token, payload: textBytes("genuine") }));
      await clock.until(() => outcome.settled);
      expect(textOf(outcome.value?.payload ?? textBytes("none"))).toBe("genuine");
    }
    const { received } = client.stats();
    expect(received).toBeGreaterThanOrEqual(guesses);
    expect(resets(), "confirmable guesses are refused").toBeGreaterThan(guesses / 4);
    await client[Symbol.asyncDispose]();
    return `${guesses} guesses, 0 accepted`;
  },
);

proof(
  16,
  "the right token from another port of the server's host is not heard",
  async ({ count }) => {
    const rounds = count(1_000);
    const genuine = createSocket("udp4").bind(0, "127.0.0.1");
    const forger = createSocket("udp4").bind(0, "127.0.0.1");
    await Promise.all([once(genuine, "listening"), once(forger, "listening")]);
    genuine.on("message", (datagram, from) => {
      const { mid, token, code } = decode(datagram);
      if (code !== "0.01") return;
      const answer = (text: string) =>
        encode({ type: "ACK", code: "2.05", mid, token, payload: textBytes(text) });
      forger.send(answer("forged"), from.port, from.address, () =>
        genuine.send(answer("genuine"), from.port, from.address),
      );
    });
    const { ask } = realClient(genuine.address().port);
    for (let round = 0; round < rounds; round++)
      expect(textOf((await ask("GET", "test")).payload)).toBe("genuine");
    genuine.close();
    forger.close();
    return `${rounds} datagrams with the right token from another port, 0 heard`;
  },
);
