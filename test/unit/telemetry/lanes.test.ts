import { expect, it } from "vitest";
import {
  againFrom,
  backdatingOffset,
  freshFrom,
  SLOT_MS,
  slotOf,
  turnOf,
} from "../../../agent/telemetry/lanes.ts";

const NOW = 1_795_341_600_000;

it("no rule ever gives a time of another, wherever the clock stands", () => {
  const owners = new Map<number, string>();
  const claim = (ts: number, owner: string) => {
    expect(owners.get(ts) ?? owner, `${ts}`).toBe(owner);
    owners.set(ts, owner);
  };
  for (let ms = 0; ms < 100; ms++) {
    claim(freshFrom(NOW + ms), "fresh");
    for (let pass = 0; pass < 4; pass++) claim(againFrom(NOW + ms, pass), `pass ${pass}`);
    for (let turn = 0; turn < 4; turn++) {
      const offset = backdatingOffset(NOW + ms, 5_003, turn);
      claim(offset + slotOf(5_003), `turn ${turn}`);
    }
  }
});

it("what is dated afterwards is never ahead of the clock, and at most two slots behind", () => {
  for (let ms = 0; ms < 100; ms++) {
    for (let turn = 0; turn < 4; turn++) {
      const monotonicMs = 70_000 + ms / 3;
      const offset = backdatingOffset(NOW + ms, monotonicMs, turn);
      const lateMs = NOW + ms - (offset + slotOf(Math.floor(monotonicMs)));
      expect(lateMs).toBeGreaterThan(0);
      expect(lateMs).toBeLessThanOrEqual(3 * SLOT_MS);
    }
  }
});

it("an offset tells whose turn it was, also that of a clock in 1970", () => {
  for (const nowMs of [NOW, 12_345])
    for (let turn = 0; turn < 8; turn++)
      expect(turnOf(backdatingOffset(nowMs, 90_000, turn))).toBe(turn % 4);
});
