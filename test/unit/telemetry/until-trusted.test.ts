import { expect, it } from "vitest";
import type { TimeSource } from "../../../agent/telemetry/trust.ts";
import { watchUntilTrusted } from "../../../agent/telemetry/until-trusted.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function watching() {
  const clock = virtualClock();
  const startedMs = clock.monotonic();
  const looks: number[] = [];
  const listeners: (() => void)[] = [];
  const timeline = {
    source: null as TimeSource | null,
    check() {
      looks.push((clock.monotonic() - startedMs) / 1_000);
      return timeline.source !== null;
    },
    onSource: (listener: () => void) => void listeners.push(listener),
  };
  const become = (source: TimeSource | null) => {
    timeline.source = source;
    for (const listener of listeners) listener();
  };
  return { clock, looks, become, watch: watchUntilTrusted(clock, timeline) };
}

it("looks soon, then every 30 seconds, and no more once the clock is trusted", async () => {
  const { clock, looks, become } = watching();
  await clock.advance(120_000);
  expect(looks).toEqual([0, 5, 15, 35, 65, 95]);
  become("synchronised");
  await clock.advance(3_600_000);
  expect(looks.slice(6)).toEqual([125]);
  expect(clock.pending).toBe(0);
});

it("looks again when trust is lost, and leaves no timer behind", async () => {
  const { clock, looks, become, watch } = watching();
  become("unsynchronised");
  await clock.advance(60_000);
  const before = looks.length;
  become(null);
  await clock.advance(20_000);
  expect(looks.length - before).toBe(2);
  watch[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});
