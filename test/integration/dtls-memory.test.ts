import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { openSsl } from "../../agent/dtls/openssl.ts";
import { makeCertificates } from "../support/certificates.ts";
import { dtlsContexts, dtlsPair } from "../support/dtls-pair.ts";

/** What OpenSSL holds is outside of the heap: a handle that is not given back shows here, and nowhere else. */

// What is collected is given back by then: threads that sweep beside it would leave megabytes of buffers for later.
const onThisThread = [
  "--no-concurrent-array-buffer-sweeping",
  "--no-concurrent-sweeping",
  "--single-threaded-gc",
];
for (const flag of ["--expose-gc", ...onThisThread]) setFlagsFromString(flag);
const collect = runInNewContext("gc") as () => void;

const anonymousBytes = () => {
  collect();
  const status = readFileSync("/proc/self/status", "utf8");
  return 1_024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]);
};

/**
 * An allocator takes its time until it has what it needs; a leak never ends. So of a few rounds in a row one has to cost
 * nothing: of 1,000 handshakes less than 200 bytes each, of 100,000 records less than 2.
 */
function expectFlat(
  rounds: number,
  times: number,
  bytesEach: number,
  work: (times: number) => void,
) {
  const grown: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = anonymousBytes();
    work(times);
    const each = (anonymousBytes() - before) / times;
    if (each < bytesEach) return;
    grown.push(each);
  }
  expect.fail(`it grows by ${grown.map(Math.round).join(", ")} bytes each, and does not stop`);
}

it("gives back what handshakes take, full ones and such as take a session up again", () => {
  const ssl = openSsl();
  const { ec, authority } = makeCertificates();
  using contexts = dtlsContexts(ec, authority.certificate);
  expectFlat(8, 1_000, 200, (times) => {
    let resumed = 0;
    for (let count = 0; count < times; count += 2) {
      using first = dtlsPair(contexts);
      first.shakeHands();
      const session = first.client.connection.session();
      using second = dtlsPair(contexts, session);
      second.shakeHands();
      first.client.connection.certificate();
      if (second.client.connection.isResumed) resumed++;
      ssl.SSL_SESSION_free(session);
    }
    expect(resumed).toBe(times / 2);
  });
});

it("gives back what records take", () => {
  const { ec, authority } = makeCertificates();
  using contexts = dtlsContexts(ec, authority.certificate);
  using pair = dtlsPair(contexts);
  pair.shakeHands();
  expectFlat(4, 100_000, 2, (times) => {
    let arrived = 0;
    for (let count = 0; count < times; count++) {
      pair.say(pair.client, "x".repeat(300));
      pair.carry();
      arrived += pair.server.heard.splice(0).length;
    }
    expect(arrived).toBe(times);
  });
});

it("gives back a context and its certificates", () => {
  const { ec, authority } = makeCertificates();
  expectFlat(8, 1_000, 200, (times) => {
    for (let count = 0; count < times; count++)
      dtlsContexts(ec, authority.certificate)[Symbol.dispose]();
  });
});
