import { expect, it } from "vitest";
import type { DeviceState } from "../../../agent/device/lifecycle.ts";
import { pauseMs } from "../../../agent/device/pause.ts";

const MINUTE = 60_000;
const credentials = { server: "tb", fingerprint: null, deviceName: "rpi-1", accessToken: "t" };
const provisioning = (attempt: number, refusal: string | null = null): DeviceState => ({
  kind: "provisioning",
  attempt,
  refusal,
});
const offline = (attempt: number): DeviceState => ({
  kind: "offline",
  credentials,
  attempt,
  refusals: 0,
});
const revoked = (probes: number): DeviceState => ({ kind: "revoked", credentials, probes });

it.each<[string, DeviceState, number, number]>([
  ["a new device asks at once", { kind: "unprovisioned" }, 0.9, 0],
  ["so does the first attempt", provisioning(0), 0.9, 0],
  ["then it backs off with full jitter", provisioning(1), 0.5, 2_500],
  ["up to ten minutes", provisioning(20), 1, 10 * MINUTE],
  ["a stored token is used at once", offline(0), 0.9, 0],
  ["then it backs off from two seconds", offline(1), 1, 2_000],
  ["up to five minutes", offline(30), 1, 5 * MINUTE],
  ["online does not wait", { kind: "online", credentials }, 0.9, 0],
  ["a revoked token is probed after a minute", revoked(0), 0, MINUTE],
  ["then after five", revoked(1), 0, 5 * MINUTE],
  ["then after fifteen", revoked(2), 0, 15 * MINUTE],
  ["then every hour", revoked(9), 0, 60 * MINUTE],
  [
    "a taken name is asked for again after a quarter of an hour",
    provisioning(1, "P021"),
    0,
    15 * MINUTE,
  ],
  ["a wrong key gets quick tries", provisioning(4, "P022"), 0.5, 20_000],
  ["but only five of them", provisioning(5, "P022"), 0, 15 * MINUTE],
])("%s", (_, state, random, expected) => {
  expect(pauseMs(state, random)).toBe(expected);
});

it("never asks a refusing server more than once in fifteen minutes, whatever the jitter", () => {
  for (let random = 0; random < 1; random += 0.1) {
    expect(pauseMs(provisioning(7, "P022"), random)).toBeGreaterThanOrEqual(15 * MINUTE);
  }
});

it("asks again every half minute while only the clock is in the way", () => {
  for (const state of [provisioning(7), offline(7)])
    for (const random of [0, 0.999]) {
      const ms = pauseMs(Object.assign({ ...state }, { awaitsClock: true }), random);
      expect(ms).toBeGreaterThanOrEqual(30_000);
      expect(ms).toBeLessThanOrEqual(33_000);
    }
});
