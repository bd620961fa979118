import { expect, it } from "vitest";
import { messageIds } from "../../../agent/coap/message-ids.ts";
import { createRecentMessages, digest } from "../../../agent/coap/recent-messages.ts";
import { createRetiredTokens } from "../../../agent/coap/retired-tokens.ts";
import { coapSettings, maxFinishedTokens } from "../../../agent/coap/settings.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

/** Few different first halves, so that both halves have to be compared. */
const tokenOf = (number: number) =>
  (number % 7).toString(16).padStart(8, "0") + number.toString(16).padStart(8, "0");

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
  retired.add(tokenOf(1));
  await clock.advance(246_999);
  expect(retired.has(tokenOf(1))).toBe(true);
  await clock.advance(1);
  expect(retired.has(tokenOf(1))).toBe(false);
  for (const number of [2, 3, 4]) retired.add(tokenOf(number));
  expect([2, 3, 4].map((number) => retired.has(tokenOf(number)))).toEqual([false, true, true]);
  expect(retired.size()).toBe(2);
});

it("keeps every token of 247 s at 200 messages a second, and is empty again after that", async () => {
  const clock = virtualClock();
  const settings = coapSettings();
  const capacity = maxFinishedTokens(settings);
  const retired = createRetiredTokens(clock, capacity);
  // In twenty steps of 13 s: the ring turns over its end while it is full.
  const perStep = settings.messagesPerSecond * 13;
  let newest = 0;
  const wrong: string[] = [];
  for (let step = 0; step < 60; step++) {
    for (let count = 0; count < perStep; count++) retired.add(tokenOf(newest++));
    const living = Math.min(newest, 19 * perStep);
    for (let number = newest - living; number < newest; number += 977)
      if (!retired.has(tokenOf(number))) wrong.push(`step ${step}: ${number} of ${newest}`);
    if (newest > living && retired.has(tokenOf(newest - living - perStep)))
      wrong.push(`step ${step}: an expired one`);
    await clock.advance(13_000);
  }
  expect(wrong).toEqual([]);
  expect(retired.size()).toBeLessThanOrEqual(capacity);
  await clock.advance(247_000);
  expect(retired.size()).toBe(0);
});

it("tells tokens apart by all their bytes", () => {
  const retired = createRetiredTokens(virtualClock(), 10);
  retired.add("00000001000000ff");
  for (const other of ["00000001000000fe", "00000000000000ff", "000000010000ff", "00000001", ""])
    expect(retired.has(other), other).toBe(false);
  expect(retired.has("00000001000000ff")).toBe(true);
});

it("takes a token added twice for as long as the second time says", async () => {
  const clock = virtualClock();
  const retired = createRetiredTokens(clock, 10);
  retired.add(tokenOf(1));
  await clock.advance(200_000);
  retired.add(tokenOf(1));
  await clock.advance(200_000);
  expect(retired.has(tokenOf(1))).toBe(true);
});

it("takes less than 1 MB for all the tokens of 247 s at 200 messages a second", () => {
  const capacity = maxFinishedTokens(coapSettings());
  const before = collectGarbage();
  const retired = createRetiredTokens(virtualClock(), capacity);
  for (let number = 0; number < capacity; number++) retired.add(tokenOf(number));
  expect(collectGarbage() - before).toBeLessThan(1_000_000);
  expect(retired.size()).toBe(capacity);
});

it("counts message IDs up from a random start and over the end", () => {
  const next = messageIds({ fraction: () => 0, bytes: () => Uint8Array.of(0xff, 0xfe) });
  expect([next(), next(), next()]).toEqual([0xfffe, 0xffff, 0]);
});
