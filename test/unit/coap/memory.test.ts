import { expect, it } from "vitest";
import { messageIds } from "../../../agent/coap/message-ids.ts";
import { createRecentMessages, digest } from "../../../agent/coap/recent-messages.ts";
import { createRetiredTokens } from "../../../agent/coap/retired-tokens.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

it("remembers a CON for 247 s and a NON for 145 s", async () => {
  const clock = virtualClock();
  const recent = createRecentMessages(clock, 10);
  recent.remember(1, one, "ack", true);
  recent.remember(2, two, "none", false);
  await clock.advance(144_999);
  expect([recent.reactionTo(1, one), recent.reactionTo(2, two)]).toEqual(["ack", "none"]);
  await clock.advance(1);
  expect([recent.reactionTo(1, one), recent.reactionTo(2, two)]).toEqual(["ack", undefined]);
  await clock.advance(102_000);
  expect(recent.reactionTo(1, one)).toBeUndefined();
  expect(recent.size()).toBe(0);
});

it("tells two messages with one ID apart by their bytes", () => {
  const recent = createRecentMessages(virtualClock(), 10);
  recent.remember(1, one, "ack", true);
  expect(recent.reactionTo(1, two)).toBeUndefined();
  expect(recent.reactionTo(2, one)).toBeUndefined();
});

it("forgets the oldest message when it is full", () => {
  const recent = createRecentMessages(virtualClock(), 2);
  for (const messageId of [1, 2, 3]) recent.remember(messageId, one, "ack", true);
  expect([1, 2, 3].map((messageId) => recent.reactionTo(messageId, one))).toEqual([
    undefined,
    "ack",
    "ack",
  ]);
});

it("digests as FNV-1a does", () => {
  expect(digest(new TextEncoder().encode("foobar"))).toBe(0xbf9cf968);
});

it("keeps a finished token for 247 s, and no more tokens than its bound", async () => {
  const clock = virtualClock();
  const retired = createRetiredTokens(clock, 2);
  retired.add("a");
  await clock.advance(246_999);
  expect(retired.has("a")).toBe(true);
  await clock.advance(1);
  expect(retired.has("a")).toBe(false);
  for (const token of ["b", "c", "d"]) retired.add(token);
  expect(["b", "c", "d"].map((token) => retired.has(token))).toEqual([false, true, true]);
  expect(retired.size()).toBe(2);
});

it("counts message IDs up from a random start and over the end", () => {
  const next = messageIds({ fraction: () => 0, bytes: () => Uint8Array.of(0xff, 0xfe) });
  expect([next(), next(), next()]).toEqual([0xfffe, 0xffff, 0]);
});
