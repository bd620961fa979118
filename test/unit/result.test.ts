import { expect, it } from "vitest";
import { resultOf } from "../../agent/result.ts";
import { aStatus } from "../support/a-status.ts";

const { server } = aStatus();
const nothingYet = { server: { ...server, last_ack_seconds: null } };
const trouble = (name: string, code: string) => ({
  degradations: [{ name, code, text: "what is wrong", fix: "what helps" }],
});

it("there is none before the first acknowledgement, however long network or server are away", () => {
  expect(resultOf(aStatus({ ...nothingYet, state: "starting" }))).toBeNull();
  for (const [name, code] of [
    ["network", "P040"],
    ["dns", "P041"],
    ["server", "P042"],
    ["handshake", "P065"], // no answer
    ["handshake", "P070"], // the clock is not set yet
  ] as const)
    expect(resultOf(aStatus({ ...nothingYet, ...trouble(name, code) })), code).toBeNull();
});

it("is a delivery, and stays one in a later outage", () => {
  expect(resultOf(aStatus())).toBe("delivered rpi-abcdef01");
  expect(resultOf(aStatus({ device: null }))).toBe("delivered");
  expect(resultOf(aStatus({ state: "offline", ...trouble("network", "P040") }))).toMatch(/^deliv/);
});

it("is a refusal where somebody has to mend something", () => {
  const refused = aStatus({
    ...nothingYet,
    state: "provisioning",
    ...trouble("provisioning", "P022"),
  });
  expect(resultOf(refused)).toBe("refused P022");
  expect(resultOf(aStatus({ ...nothingYet, ...trouble("handshake", "P060") }))).toBe(
    "refused P060",
  );
});

it("is a refused token only once it counts as revoked", () => {
  expect(resultOf(aStatus({ state: "offline", ...trouble("token", "P047") }))).toMatch(/^deliv/);
  expect(resultOf(aStatus({ state: "revoked", ...trouble("token", "P047") }))).toBe("refused P047");
});
