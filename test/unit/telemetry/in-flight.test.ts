import { expect, it } from "vitest";
import { CoapError } from "../../../agent/coap/coap-error.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { Batch } from "../../../agent/telemetry/batch.ts";
import { createInFlight, type Flight, type Published } from "../../../agent/telemetry/in-flight.ts";
import type { Message } from "../../../agent/telemetry/messages.ts";
import { piece } from "../../support/a-piece.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const unauthorized = new AgentError("unauthorized", "4.01");
const refused = new AgentError("transient", "refuses everything", { code: "P030" });
const lost = new CoapError("timeout", "no answer");
const batch: Batch = { payload: null, pieces: [], points: 0, cut: null, refused: [] };
const message: Message = { origin: "live", pieces: [], acceptedBefore: null, batch };

/** What is told of these answers, heard one after the other before anybody asks. */
async function told(...answers: readonly (Published | Error)[]): Promise<readonly unknown[]> {
  const clock = virtualClock();
  const inFlight = createInFlight(clock);
  for (const answer of answers) {
    inFlight.start(message, async () => {
      if (answer instanceof Error) throw answer;
      return answer;
    });
    await clock.settle();
  }
  const news: unknown[] = [];
  while (inFlight.hasNews) {
    try {
      news.push(inFlight.takeNews());
    } catch (error) {
      news.push(error);
    }
  }
  return news;
}

it.each<[string, readonly (Published | Error)[], readonly unknown[]]>([
  ["a 4.01 after a refusal", ["answered", unauthorized], ["answered", unauthorized]],
  ["a 4.01 after a delivery", ["delivered", unauthorized], ["delivered", unauthorized]],
  ["a 4.01 after everything was refused", [refused, unauthorized], [refused, unauthorized]],
])("tells both, in their order: %s", async (_, answers, news) => {
  expect(await told(...answers)).toEqual(news);
});

it.each<[string, readonly (Published | Error)[], readonly unknown[]]>([
  ["a 4.01 beside one that was lost", [lost, unauthorized], [unauthorized]],
  ["two 4.01 of two that left together", [unauthorized, unauthorized], [unauthorized]],
  ["a 4.01 that an answer forgives", [unauthorized, "answered"], ["answered"]],
  [
    "the same again and again",
    ["answered", unauthorized, "answered", unauthorized],
    ["answered", unauthorized],
  ],
])("tells what counts: %s", async (_, answers, news) => {
  expect(await told(...answers)).toEqual(news);
});

it("of the parts of a sample that end together the last one knows that it is", async () => {
  const clock = virtualClock();
  const inFlight = createInFlight(clock);
  const elsewhere: boolean[] = [];
  const parts = ["a", "b", "c"].map((key): Message => ({ ...message, pieces: [piece(7, key)] }));
  const end = async (flight: Flight) => {
    await null; // what leaves with it is under way, too
    inFlight.judged(flight);
    elsewhere.push(inFlight.isElsewhere(7));
    return "answered" as const;
  };
  for (const part of parts.slice(0, 2)) inFlight.start(part, end);
  for (const part of parts.slice(2)) inFlight.expect(part);
  await clock.settle();
  for (const part of parts.slice(2)) inFlight.start(part, end);
  await clock.settle();
  expect(elsewhere).toEqual([true, true, false]);
});

it("does not wait when it was stopped before", async () => {
  const clock = virtualClock();
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(createInFlight(clock).change(60_000, stopped)).rejects.toThrow("stopped");
  expect(clock.pending).toBe(0);
});
