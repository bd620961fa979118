import { expect, it } from "vitest";
import { parseStatus } from "../../../agent/cli/parse-status.ts";
import { span, statusScreen } from "../../../agent/cli/status-screen.ts";
import { aStatus } from "../../support/a-status.ts";

it("shows one that is well on one screen", () => {
  expect(statusScreen(aStatus(), 3)).toEqual([
    "pipit 1.0.0 · online for 3 d 4 h · rpi-abcdef01",
    "  server     coaps://tb.example.com   round trip 41 ms   last acknowledged 15 s ago",
    "  readings   17 values every 60 s",
    "  outbox     0 waiting   0 dropped   kept on disk   5.8 MB written today",
    "  clock      trusted (synchronised)",
    "  process    54 MB   0.9 CPU-s/h   pid 812   started 3 d 4 h ago after a power cut",
  ]);
});

it("shows what is wrong, and what to do about it", () => {
  const trouble = aStatus({
    state: "offline",
    state_seconds: 720,
    cause: "dns",
    reason: "no such name",
    device: null,
    readings: {
      values: 14,
      interval_seconds: 60,
      failing: [{ source: "tank", error: "EIO", count: 14 }],
    },
    outbox: {
      waiting: 72,
      dropped: 3,
      dropped_by: { size: 2, age: 1 },
      storage: "memory",
      bytes_today: 0,
      drain_seconds: null,
    },
    clock: { trusted: false, source: null },
    degradations: [{ name: "dns", code: "P041", text: "no such name\u001b[2J", fix: "resolvectl" }],
  });
  expect(statusScreen(trouble, 0)).toEqual([
    "pipit 1.0.0 · offline for 12 min (dns) · (no name yet)",
    "  server     coaps://tb.example.com   round trip 41 ms   last acknowledged 12 s ago",
    "  readings   14 values every 60 s   1 source failing: tank (EIO, 14 times)",
    "  outbox     72 waiting   3 dropped (size 2, age 1)   kept in memory   0.0 MB written today",
    "  clock      not trusted: samples wait for their time",
    "  process    54 MB   0.9 CPU-s/h   pid 812   started 3 d 4 h ago after a power cut",
    "  degraded   P041 no such name\\u001b[2J",
    "             resolvectl",
  ]);
});

it("says when a backlog will be gone, and of what moment figures are that nobody refreshes", () => {
  const { outbox, written } = aStatus();
  const draining = aStatus({
    outbox: { ...outbox, waiting: 5_000, drain_seconds: 400 },
    written: { ...written, every_seconds: null },
  });
  const lines = statusScreen(draining, 3_600);
  expect(lines[0]).toContain("online, draining for 3 d 5 h");
  expect(lines[1]).toContain("last acknowledged 12 s ago");
  expect(lines[3]).toContain("5000 waiting, gone in about 6 min");
  expect(lines.at(-1)).toBe("  as of      1 h 0 min ago");
});

it.each([
  [0, "0 s"],
  [119, "119 s"],
  [120, "2 min"],
  [3_600, "1 h 0 min"],
  [90_000, "1 d 1 h"],
])("%i seconds are %s", (seconds, text) => expect(span(seconds)).toBe(text));

it("reads what an agent writes, and more that a later one may say", () => {
  const status = aStatus();
  expect(parseStatus(JSON.stringify({ ...status, later: 1 }))).toEqual({
    status: { ...status, later: 1 },
  });
});

it.each([
  ["", /not one JSON object/],
  ["[]", /not one JSON object/],
  ['{"format":2}', /newer Pipit/],
  ['{"format":1}', /"version" is missing/],
  [JSON.stringify({ ...aStatus(), server: { url: 7 } }), /"server.url"/],
  [JSON.stringify({ ...aStatus(), degradations: [{ name: "x" }] }), /"degradations"/],
  [JSON.stringify({ ...aStatus(), cause: 7 }), /"cause"/],
])("refuses %j and says why", (text, words) => {
  const parsed = parseStatus(text);
  expect("problem" in parsed && parsed.problem).toMatch(words);
});

it("says where what is sent can be read on the way, or goes to whoever answered", () => {
  const shown = (security: string) =>
    statusScreen(aStatus({ server: { ...aStatus().server, security } }), 0)[1];
  expect(shown("clear text")).toContain("(clear text: the token can be read on the way)");
  expect(shown("unverified")).toContain("(NOT VERIFIED: insecure_skip_verify is on)");
  for (const security of ["dtls", "local"])
    expect(shown(security)).toMatch(/example\.com {3}round/);
});
