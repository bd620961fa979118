import { expect, it } from "vitest";
import { apart, groupsOf, halvesOf } from "../../../agent/telemetry/split.ts";
import { piece } from "../../support/a-piece.ts";

it("halves samples, then the keys of one, and nothing less than a key", () => {
  expect(halvesOf([piece(1, "a"), piece(2, "a"), piece(3, "a")])).toEqual([
    [piece(1, "a"), piece(2, "a")],
    [piece(3, "a")],
  ]);
  expect(halvesOf([piece(1, "a", "b", "c")])).toEqual([[piece(1, "a", "b")], [piece(1, "c")]]);
  expect(halvesOf([piece(1, "a")])).toBeNull();
  expect(halvesOf([])).toBeNull();
});

it("groups the keys of a sample, at most so many, each in one of them", () => {
  expect(groupsOf(piece(1, "a", "b", "c", "d", "e"), 4)).toEqual([
    piece(1, "a", "b"),
    piece(1, "c", "d"),
    piece(1, "e"),
  ]);
  expect(groupsOf(piece(1, "a", "b"), 16)).toEqual([piece(1, "a"), piece(1, "b")]);
  expect(groupsOf(piece(1, "a"), 4)).toBeNull();
});

it("sets known keys apart, unless all are known, or none", () => {
  const known = new Set(["b", "c", "z"]);
  expect(apart(piece(1, "a", "b", "c", "d"), known)).toEqual([
    piece(1, "a", "d"),
    piece(1, "b", "c"),
  ]);
  expect(apart(piece(1, "b", "c"), known)).toBeNull();
  expect(apart(piece(1, "a", "d"), known)).toBeNull();
});
