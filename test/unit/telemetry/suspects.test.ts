import { expect, it } from "vitest";
import type { OutboxEntry } from "../../../agent/telemetry/outbox.ts";
import { createSuspects } from "../../../agent/telemetry/suspects.ts";
import { piece } from "../../support/a-piece.ts";

const fresh = (...pieces: OutboxEntry[]) => ({ pieces, acceptedBefore: null });

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
  expect(suspects.refused(fresh(piece(1, "a", "b")), "size")).toBe("split");
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

const eightKeys = ["a", "b", "c", "d", "e", "f", "g", "h"];

/** What `next` gives until it has no more, by their keys. */
function queued({ next }: ReturnType<typeof createSuspects>) {
  const found: string[] = [];
  for (let one = next(); one !== null; one = next())
    found.push(one.pieces.map(({ readings }) => Object.keys(readings).join("")).join());
  return found;
}

it("of the second sample refused in a row the keys are tried in groups, of the fourth in more of them", () => {
  const suspects = createSuspects();
  const refuse = (id: number) => suspects.refused(fresh(piece(id, ...eightKeys)), "content");
  expect(refuse(1)).toBe("deferred");
  expect([refuse(2), suspects.isHunting]).toEqual(["split", true]);
  expect(queued(suspects)).toEqual(["ab", "cd", "ef", "gh"]);
  expect([refuse(3), suspects.isHunting]).toEqual(["deferred", false]);
  expect(refuse(4)).toBe("split");
  expect(queued(suspects)).toEqual(eightKeys);
  expect([5, 6, 7, 8].map(refuse)).toEqual(["deferred", "deferred", "deferred", "split"]);
});

it("a sample of a single key leaves its turn to the next one", () => {
  const suspects = createSuspects();
  const verdicts = [["a"], ["a"], ["a", "b"], ["a", "b"]].map((keys, id) =>
    suspects.refused(fresh(piece(id + 1, ...keys)), "content"),
  );
  expect(verdicts).toEqual(["deferred", "deferred", "split", "split"]);
});

it("groups that are refused before one is accepted wait for that, and say no more about the server", () => {
  const suspects = createSuspects();
  for (const id of [1, 2]) suspects.refused(fresh(piece(id, ...eightKeys)), "content");
  const next = () => suspects.next() ?? expect.fail("no group is left");
  expect(suspects.refused(next(), "content")).toBe("deferred");
  expect(suspects.refusedInARow).toBe(2);
  suspects.accepted();
  expect(suspects.refusedInARow).toBe(0);
  for (let left = 4; left > 0; left--) {
    expect(suspects.refused(next(), "content")).toBe("split"); // halved: the server takes something
  }
  expect(suspects.isHunting).toBe(false);
});

/** It has found out about "bad". */
function knowing() {
  const suspects = createSuspects();
  suspects.refused(fresh(piece(1, "bad")), "content");
  suspects.accepted();
  const known = suspects.next() ?? expect.fail("its turn should have come");
  expect(suspects.refused(known, "content")).toBe("culprit");
  return suspects;
}

it("a key that is known is set apart at once", () => {
  const suspects = knowing();
  expect(suspects.refused(fresh(piece(2, "a", "bad", "b")), "content")).toBe("split");
  expect(queued(suspects)).toEqual(["ab", "bad"]);
});

it("but not while what was apart is refused as well: the queue does not grow by that", () => {
  const suspects = knowing();
  suspects.refused(fresh(piece(2, "a", "bad", "b")), "content");
  const others = suspects.next() ?? expect.fail("nothing was set apart");
  expect(suspects.refused(others, "content")).toBe("deferred");
  expect(suspects.refused(fresh(piece(3, "a", "bad", "b")), "content")).toBe("split");
  expect(queued(suspects)).toEqual(["bad", "a", "bad", "b"]); // in groups
  expect(suspects.refused(fresh(piece(4, "a", "bad", "b")), "content")).toBe("deferred");
});

it("keeps sixteen until something is accepted, the others go back", () => {
  const suspects = createSuspects();
  const verdicts = Array.from({ length: 20 }, (_, id) =>
    suspects.refused(fresh(piece(id + 1, "a")), "content"),
  );
  expect(verdicts.filter((verdict) => verdict === "deferred")).toHaveLength(16);
  expect(verdicts.slice(16)).toEqual(Array(4).fill("returned"));
  expect([suspects.holds(16), suspects.holds(17)]).toEqual([true, false]);
  expect(suspects.hasNext).toBe(false);
  suspects.accepted();
  expect(queued(suspects)).toHaveLength(16);
});
