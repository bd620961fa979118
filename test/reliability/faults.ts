/** One row of docs/reliability.md: what may happen, and what must hold then. */
export interface Fault {
  readonly fault: string;
  readonly criterion: string;
}

/** Every row has a proof in this folder; the generator of the page refuses one without. */
export const faults = {
  1: {
    fault: "The agent is killed while it publishes",
    criterion:
      "1,000 kills: server, journal and counters together hold every accepted sample exactly once",
  },
  2: {
    fault: "The agent is killed while it provisions",
    criterion: "500 kills at every step: none stranded, no second device, no torn file",
  },
  3: {
    fault: "Power fails while it publishes or provisions",
    criterion:
      "200 cuts of a real ext4, with blocks of 1 and of 4 KiB: no accepted sample lost, no device stranded; without sync the same test loses some",
  },
  4: {
    fault: "Power fails within any operation of the journal",
    criterion: "10,000 legal states of the disk: nothing accepted lost, nothing invented",
  },
  5: {
    fault: "Power fails while credentials are written",
    criterion:
      "every legal state and 200 real cuts: old or new, never empty, never mixed; without fsync the same proof finds losses",
  },
  6: {
    fault: "The disk is full",
    criterion:
      "live data goes on, what is dropped is counted, credentials stay, the disk is used again within one interval of space",
  },
  7: {
    fault: "A bound of the journal is reached: bytes, age, free space",
    criterion: "never above the bound by more than a segment; the counter is exact",
  },
  8: {
    fault: "The disk turns read-only or fails in mid-run",
    criterion:
      "goes on in memory with one line in the log, tries again every minute, returns; a failure of every single operation is survived",
  },
  9: {
    fault: "The state folder is damaged: bits, holes, truncation",
    criterion:
      "10,000 damages: always starts, loses only what was hit, or a group of 16 with its keyframe, counts all of it but what stood behind the last sound write of the newest segment, says what it did",
  },
  10: {
    fault: "The server is away for a week",
    criterion:
      "60,480 samples of 30 keys wait within the bounds, drain at 60 % of four messages a round trip or more, live data is never later than two intervals; on a partition of its own at most 45 MB a day are written at one sample every 10 s",
  },
  11: {
    fault: "30 % of the datagrams are lost, each way",
    criterion:
      "1,000 reports: none lost, none acknowledged falsely, 6 s a report at most on average",
  },
  12: {
    fault: "Datagrams come twice, out of order, up to 300 s late",
    criterion: "100,000 exchanges: no answer is taken for that of another request",
  },
  13: {
    fault: "Every legal form of an answer",
    criterion: "each completes the request, and the sample is stored once",
  },
  14: {
    fault: "RST, or ICMP says unreachable",
    criterion: "an error within 3 s, never a success, never a hang; the next request works",
  },
  15: {
    fault: "Malformed datagrams from the server's address",
    criterion: "100,000: no exception, none over 5 ms, under 2 MB more memory, publishing goes on",
  },
  16: {
    fault: "Forged answers from elsewhere",
    criterion: "1,000,000 blind guesses: none accepted",
  },
  17: {
    fault: "DNS fails, changes or hangs",
    criterion:
      "delivery is back within one back-off of DNS, within two where the old address falls silent; one look-up at a time",
  },
  18: {
    fault: "No network at boot",
    criterion: "READY, samples from the first second on; all delivered when it comes, no restart",
  },
  19: {
    fault: "The clock stands in 1970 at boot, then steps",
    criterion:
      "100 lives of several boots: nothing without a time, before 2024 or 60 s ahead; right to 1 s and in order where the clock became known; what can never be dated is counted",
  },
  20: {
    fault: "The clock steps back, forth, by an hour; suspend",
    criterion:
      "100 steps, with restarts: no report missed or doubled; no two samples share a ts, none is sent with two",
  },
  21: {
    fault: "The access token is revoked",
    criterion:
      "one request a probe, after 1, 5, 15 and then every 60 minutes; everything is delivered once the token is valid again",
  },
  22: {
    fault: "The answer to a provisioning request is lost",
    criterion:
      "ends provisioned, with one device; a pre-provisioned one waits for the operator by name",
  },
  23: {
    fault: "Wrong provisioning key or secret",
    criterion: "five quick tries, then one every 15 minutes; the reason is told",
  },
  24: {
    fault: "The card is moved to another board, or cloned",
    criterion:
      "no reading of one board in the device of the other, those that wait on the card included; the old credentials are kept",
  },
  25: {
    fault: "The server answers 5.00, 4.29 or 5.03 to everything",
    criterion:
      "two tries a minute at most in the steady state, none before the Max-Age that it names has passed; nothing lost",
  },
  26: {
    fault: "A message has more data points than the server's rate limit can ever hold",
    criterion: "split down to single keys, all delivered; live data waits two intervals at most",
  },
  27: {
    fault: "The server refuses one sample",
    criterion:
      "found in log2(samples) + 1 tries, the key at fault in log2(keys) more; kept aside and counted; the rest is delivered",
  },
  28: {
    fault: "Huge values: a text of 1 MB, 10,000 keys",
    criterion: "refused with a reason, or sent block-wise; nothing of it stays in memory",
  },
  29: {
    fault: "A sensor hangs, fails, or says NaN",
    criterion: "that sensor alone is absent; the process still ends within 2 s",
  },
  30: {
    fault: "A program floods the agent with readings",
    criterion:
      "10,000 values a second for 60 s: under 20 MB more memory, every reading accounted for",
  },
  31: {
    fault: "30 days pass",
    criterion:
      "259,200 reports over a hostile network: none lost, under 10 bytes of heap a report, handles and timers constant, the log of an outage grows with its logarithm, under 200 lines in a week",
  },
  32: {
    fault: "SIGTERM",
    criterion:
      "200 of 200: ends within 2 s, with and without a server; all that was accepted is there",
  },
  33: {
    fault: "The main loop is stuck",
    criterion: "the watchdog is not fed; systemd starts it anew, nothing accepted is lost",
  },
  34: {
    fault: "Upgrade and rollback",
    criterion:
      "each version reads its predecessor's files, and refuses newer ones without deleting; 100 kills while versions go back and forth lose nothing",
  },
  degradation: {
    fault:
      "Start without network, DNS, clock, disk, sensors; on a read-only or full or corrupt disk",
    criterion: "READY in each; each is a named degradation in pipit status",
  },
  gap: {
    fault: "An outage has ended",
    criterion:
      "its length, cause, and how many samples were sent late or dropped is published, once",
  },
  revocation: {
    fault: "Three 4.01 in a row, with another answer between them or not",
    criterion: "only three in a row revoke; a policy or the operator brings the device back",
  },
  rotation: {
    fault: "A new token arrives, good or bad",
    criterion:
      "the old one is let go only when the server accepts the new one; killed at every step, there is always one that works",
  },
} as const satisfies Record<string | number, Fault>;

export type FaultId = keyof typeof faults;
