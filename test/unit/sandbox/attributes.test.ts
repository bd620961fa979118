import { expect, test } from "vitest";
import {
  parseAttributeQuery,
  parseAttributes,
  readAttributes,
} from "../../../agent/sandbox/attributes.ts";

const attributes = (text: string) => parseAttributes(text, true) ?? new Map();
const client = attributes('{"a":1,"b":2.0}');
const shared = attributes('{"c":3}');
const read = (...query: string[]) => readAttributes(parseAttributeQuery(query), client, shared);
const everything = '{"client":{"a":1,"b":2.0},"shared":{"c":3}}';

test.each<[string[], string | null]>([
  [["clientKeys=a,b", "sharedKeys=c"], everything],
  [[], everything],
  [["clientKeys="], everything],
  [["clientKeys=a=b"], everything],
  [["keys=a"], everything],
  [["clientKeys=a"], '{"client":{"a":1}}'],
  [["sharedKeys=c,zzz"], '{"shared":{"c":3}}'],
  [["clientKeys=c", "sharedKeys=c"], '{"shared":{"c":3}}'],
  [["sharedKeys=zzz"], null],
  [["clientKeys=zzz"], null],
])("the query %j reads %s", (query, expected) => {
  expect(read(...query)).toBe(expected);
});

test.each(["", "[]", '[{"a":1}]', "5", "null", "{"])(
  "attributes cannot be posted as %s",
  (text) => {
    expect(parseAttributes(text, true)).toBeNull();
  },
);

test("a timestamp around attributes has no meaning: both are keys", () => {
  expect([...attributes('{"ts":1,"values":{"a":1}}').keys()]).toEqual(["ts", "values"]);
});
