import { expect, it } from "vitest";
import { bootState, type DeviceEvent, transition } from "../../../agent/device/lifecycle.ts";

const credentials = { server: "tb", fingerprint: null, deviceName: "rpi-1", accessToken: "t0k3n" };
const begin: DeviceEvent = { type: "provision" };
const granted: DeviceEvent = { type: "provisioned", credentials };
const delivered: DeviceEvent = { type: "delivered" };
const unauthorized: DeviceEvent = { type: "failed", error: "unauthorized" };
const timeout: DeviceEvent = { type: "failed", error: "transient" };
const refused: DeviceEvent = { type: "refused", refusal: "P021" };
const reset: DeviceEvent = { type: "reset" };
const answered: DeviceEvent = { type: "answered" };
const other = { ...credentials, accessToken: "n3w" };
const rotated: DeviceEvent = { type: "rotated", credentials: other };

it.each<[string, DeviceEvent[], string]>([
  ["a new device waits to be provisioned", [], "unprovisioned"],
  ["a grant makes it offline, not online", [begin, granted], "offline"],
  ["a grant nobody asked for is ignored", [granted], "unprovisioned"],
  ["a time-out keeps it provisioning", [begin, timeout, timeout], "provisioning"],
  ["a refusal keeps it provisioning", [begin, refused], "provisioning"],
  ["a grant after a refusal is a grant", [begin, refused, granted], "offline"],
])("%s", (_, events, expected) => {
  expect(events.reduce(transition, bootState(null)).kind).toBe(expected);
});

it.each<[string, DeviceEvent[], string]>([
  ["the first delivery makes it online", [delivered], "online"],
  ["two refusals are forgiven", [unauthorized, unauthorized], "offline"],
  ["three refusals in a row revoke it", [unauthorized, unauthorized, unauthorized], "revoked"],
  [
    "a time-out in between resets the count",
    [unauthorized, unauthorized, timeout, unauthorized],
    "offline",
  ],
  [
    "an answer to what was sent means that the token was let in",
    [unauthorized, unauthorized, answered, unauthorized],
    "offline",
  ],
  ["so a revoked token is none", [unauthorized, unauthorized, unauthorized, answered], "offline"],
  ["a new token ends a revocation", [unauthorized, unauthorized, unauthorized, rotated], "offline"],
  ["a new token does not interrupt", [delivered, rotated], "online"],
  [
    "a later delivery forgives everything",
    [unauthorized, unauthorized, unauthorized, delivered],
    "online",
  ],
  [
    "a refusal while online counts as the first",
    [delivered, unauthorized, unauthorized],
    "offline",
  ],
  [
    "a revoked device stays so over time-outs",
    [unauthorized, unauthorized, unauthorized, timeout],
    "revoked",
  ],
  ["a reset makes it new", [delivered, reset], "unprovisioned"],
])("%s", (_, events, expected) => {
  expect(events.reduce(transition, bootState(credentials)).kind).toBe(expected);
});

it.each<[string, DeviceEvent[]]>([
  ["offline", [unauthorized, unauthorized]],
  ["online", [delivered]],
  ["revoked", [unauthorized, unauthorized, unauthorized]],
])(
  "from %s on the new token is the one that counts, without the refusals of the old",
  (_, before) => {
    const state = transition(before.reduce(transition, bootState(credentials)), rotated);
    expect(state).toMatchObject({ credentials: other });
    expect([unauthorized, unauthorized].reduce(transition, state).kind).toBe("offline");
  },
);

it("remembers which refusal waits for the operator, until something else happens", () => {
  const waiting = [begin, refused].reduce(transition, bootState(null));
  expect(waiting).toMatchObject({ kind: "provisioning", refusal: "P021", attempt: 1 });
  expect(transition(waiting, timeout)).toMatchObject({ refusal: null, attempt: 2 });
});

it("a clock that is not set makes no try count, and says nothing about the token", () => {
  const clock: DeviceEvent = { type: "failed", error: "clock" };
  let state = bootState(credentials);
  for (let n = 0; n < 20; n++) state = transition(state, clock);
  expect(state).toMatchObject({ kind: "offline", attempt: 1, refusals: 0, awaitsClock: true });
  expect(transition(state, timeout)).toEqual({
    ...{ kind: "offline", credentials },
    ...{ attempt: 2, refusals: 0 },
  });
  let board = transition({ kind: "unprovisioned" }, { type: "provision" });
  for (let n = 0; n < 20; n++) board = transition(board, clock);
  expect(board).toMatchObject({ kind: "provisioning", attempt: 1, awaitsClock: true });
  expect(transition(board, timeout)).toEqual({ kind: "provisioning", attempt: 2, refusal: null });
});

it("a refusal of what is in use waits like any failure: never again at once", () => {
  for (const before of [bootState(credentials), { kind: "online", credentials } as const])
    expect(transition(before, refused)).toMatchObject({ kind: "offline", attempt: 1, refusals: 0 });
});
