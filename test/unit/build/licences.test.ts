import { expect, it } from "vitest";
import { packagesOf } from "../../../build/licences.ts";

it("names every package once, its scope and the folder it is nested in", () => {
  const files = [
    "agent/main.ts",
    "node_modules/coap/dist/index.js",
    "node_modules/coap/dist/lib/agent.js",
    "node_modules/coap/node_modules/lru-cache/index.js",
    "node_modules/@scope/name/index.js",
  ];
  expect(packagesOf(files)).toEqual([
    "node_modules/@scope/name",
    "node_modules/coap",
    "node_modules/coap/node_modules/lru-cache",
  ]);
});
