import { expect, it } from "vitest";
import type { OutboxEntry } from "../../../agent/telemetry/outbox.ts";
import { createSuspects, halvesOf } from "../../../agent/telemetry/suspects.ts";

const piece = (id: number, ...keys: string[]): OutboxEntry => ({
  id,
  ts: 1_000 + id,
  readings: Object.fromEntries(keys.map((key) => [key, 1])),
});
const fresh = (...pieces: OutboxEntry[]) => ({ pieces, acceptedBefore: null });

it("halves samples, then the keys of one, and nothing less than a key", () => {
  expect(halvesOf([piece(1, "a"), piece(2, "a"), piece(3, "a")])).toEqual([
    [piece(1, "a"), piece(2, "a")],
    [piece(3, "a")],
  ]);
  expect(halvesOf([piece(1, "a", "b", "c")])).toEqual([[piece(1, "a", "b")], [piece(1, "c")]]);
  expect(halvesOf([piece(1, "a")])).toBeNull();
});

it("a sample alone is the culprit only when something else has been accepted since", () => {
  const suspects = createSuspects();
  suspects.accepted(); // before the refusal: it proves nothing
  expect(suspects.refused(fresh(piece(1, "a")), "content")).toBe("deferred");
  expect(suspects.next()).toBeNull();
  suspects.accepted();
  const again = suspects.next() ?? expect.fail("its turn should have come again");
  expect(suspects.refused(again, "content")).toBe("culprit");
});

it("the other half speaks for the server: no second try is needed", () => {
  const suspects = createSuspects();
  suspects.refused(fresh(piece(1, "a"), piece(2, "a")), "content");
  const [first, second] = [suspects.next(), suspects.next()];
  suspects.accepted();
  expect(second).not.toBeNull();
  expect(first && suspects.refused(first, "content")).toBe("culprit");
});

it("what is too large is halved by its keys at once: it needs no proof", () => {
  const suspects = createSuspects();
  expect(suspects.refused(fresh(piece(1, "a", "b")), "size")).toBe("halved");
  expect(suspects.next()?.pieces).toEqual([piece(1, "a")]);
});

it("what was not judged comes back first, halved when the server was busy", () => {
  const suspects = createSuspects();
  suspects.putBack(fresh(piece(1, "a", "b")), { halved: true });
  suspects.putBack(fresh(piece(2, "a")));
  expect([1, 2, 3].map((id) => suspects.holds(id))).toEqual([true, true, false]);
  const order = [suspects.next(), suspects.next(), suspects.next()].map((found) => found?.pieces);
  expect(order).toEqual([[piece(2, "a")], [piece(1, "a")], [piece(1, "b")]]);
});

it("counts how many were deferred with nothing accepted in between", () => {
  const suspects = createSuspects();
  suspects.refused(fresh(piece(1, "a")), "content");
  suspects.refused(fresh(piece(2, "a")), "content");
  expect(suspects.deferredInARow).toBe(2);
  suspects.accepted();
  expect(suspects.deferredInARow).toBe(0);
  expect(suspects.nextDeferred()).toBeNull();
});
