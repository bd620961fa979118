import { beforeAll, expect, it, onTestFinished } from "vitest";
import { DtlsFailure } from "../../agent/dtls/connection.ts";
import { type Certificates, makeCertificates } from "../support/certificates.ts";
import { mutate } from "../support/coap-mutations.ts";
import { dtlsContexts, dtlsPair } from "../support/dtls-pair.ts";
import { chosenSeed, seededRandom } from "../support/seeded-random.ts";

/** What arrives that no honest peer sent, at the real OpenSSL. */

let made: Certificates;
beforeAll(() => {
  made = makeCertificates();
});

function openPair() {
  const contexts = dtlsContexts(made.ec, made.authority.certificate);
  const pair = dtlsPair(contexts);
  onTestFinished(() => {
    pair[Symbol.dispose]();
    contexts[Symbol.dispose]();
  });
  return pair;
}

it("carries messages both ways, and says goodbye", () => {
  const pair = openPair();
  pair.shakeHands();
  expect(pair.client.connection).toMatchObject({ progress: "secure", isResumed: false });
  pair.say(pair.client, "up");
  pair.say(pair.server, "down");
  pair.carry();
  expect([pair.server.heard, pair.client.heard]).toEqual([["up"], ["down"]]);
  pair.server.connection[Symbol.dispose]();
  for (const datagram of pair.server.sent.splice(0)) pair.client.connection.take(datagram);
  expect(pair.client.connection.progress).toBe("closed");
});

it("ignores a record that comes again, and counts it", () => {
  const pair = openPair();
  pair.shakeHands();
  pair.say(pair.server, "once");
  const [record = new Uint8Array()] = pair.server.sent.splice(0);
  for (let times = 0; times < 5; times++) pair.client.connection.take(record);
  expect(pair.client.heard).toEqual(["once"]);
  expect(pair.client.connection.counters).toEqual({ implausible: 0, ignored: 4 });
});

it("ignores forged records of every type and length, also those that OpenSSL would end for", () => {
  const pair = openPair();
  pair.shakeHands();
  let count = 0;
  for (const type of [20, 21, 22, 23, 24, 99])
    for (const epoch of [0, 1, 2])
      for (const length of [0, 1, 15, 16, 23, 24, 25, 64]) {
        const record = new Uint8Array(13 + length).fill(7);
        record.set([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 9, 9, 9, 0, length]);
        pair.client.connection.take(record);
        count++;
      }
  const { implausible, ignored } = pair.client.connection.counters;
  expect(implausible + ignored).toBe(count);
  expect(implausible).toBe(6 * 2 * 5);
  pair.say(pair.server, "still here");
  pair.carry();
  expect(pair.client.heard).toEqual(["still here"]);
});

it("ignores forged records that lie where OpenSSL would read on", () => {
  const pair = openPair();
  pair.shakeHands();
  const inner = [23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 1, 7];
  const wrap = (version: number, epoch: number, length: number) => {
    const record = new Uint8Array(13 + length);
    record.set([
      23,
      version >> 8,
      version & 255,
      0,
      epoch,
      0,
      0,
      0,
      0,
      0,
      8,
      length >> 8,
      length & 255,
    ]);
    record.set(inner, 13);
    return record;
  };
  for (const version of [0x0303, 0xfeff, 0xfefd, 0xfefc, 0])
    for (const epoch of [0, 1])
      for (const length of [14, 20, 64, 16_700, 20_000])
        pair.client.connection.take(wrap(version, epoch, length));
  pair.say(pair.server, "still here");
  pair.carry();
  expect(pair.client.heard).toEqual(["still here"]);
});

const MUTATED_RECORDS = 100_000;
const MUTATED_HANDSHAKES = 8_000;

it(`survives ${MUTATED_RECORDS} mutated records`, () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  const pair = openPair();
  pair.shakeHands();
  for (let count = 0; count < MUTATED_RECORDS; count++) {
    pair.say(pair.server, `reading ${count}`);
    const [record = new Uint8Array()] = pair.server.sent.splice(0);
    pair.client.connection.take(mutate(record, random));
  }
  // What a mutation left as it was, or only added to, counts as said.
  const said = new Set(pair.client.heard);
  expect(said.size, `PIPIT_TEST_SEED=${seed}`).toBe(pair.client.heard.length);
  for (const text of said) expect(text).toMatch(/^reading \d+$/);
  pair.say(pair.server, "after all that");
  pair.carry();
  expect(pair.client.heard.at(-1), `PIPIT_TEST_SEED=${seed}`).toBe("after all that");
});

it(`never believes a peer after one of ${MUTATED_HANDSHAKES} mutated handshakes that was not genuine`, () => {
  const seed = chosenSeed();
  const random = seededRandom(seed);
  using contexts = dtlsContexts(made.ec, made.authority.certificate);
  const impostor = dtlsContexts(made.impostor, made.authority.certificate);
  onTestFinished(() => impostor[Symbol.dispose]());
  const ends = { secure: 0, failed: 0, waiting: 0 };
  let datagrams = 0;
  for (let count = 0; count < MUTATED_HANDSHAKES; count++) {
    const isGenuine = count % 2 === 0;
    using pair = dtlsPair(isGenuine ? contexts : { ...impostor, client: contexts.client });
    const { client, server } = pair;
    try {
      client.connection.begin();
      for (let round = 0; round < 6; round++) {
        for (const datagram of client.sent.splice(0)) server.connection.take(datagram);
        for (const datagram of server.sent.splice(0)) {
          datagrams++;
          const isHit = random.fraction() < 0.5;
          client.connection.take(isHit ? mutate(datagram, random) : datagram);
        }
      }
      if (client.connection.progress === "secure") {
        ends.secure++;
        expect(isGenuine, `PIPIT_TEST_SEED=${seed} ${count}`).toBe(true);
      } else ends.waiting++;
    } catch (error) {
      if (!(error instanceof DtlsFailure)) throw error;
      ends.failed++;
    }
  }
  expect(ends.secure, JSON.stringify(ends)).toBeGreaterThan(0);
  expect(ends.failed).toBeGreaterThan(0);
  expect(datagrams).toBeGreaterThan(40_000 / 5);
});
