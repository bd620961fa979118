import { expect, it } from "vitest";
import { onReload } from "../../../agent/cli/reloads.ts";
import { recordingShell } from "../../support/recording-shell.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

function reloadable() {
  const clock = virtualClock();
  let hangup = () => {};
  const shell = {
    ...recordingShell(),
    onHangup(callback: () => void) {
      hangup = callback;
      return {
        [Symbol.dispose]() {
          hangup = () => {};
        },
      };
    },
  };
  const at: number[] = [];
  const start = clock.monotonic();
  const reloads = onReload(shell, clock, async () => {
    at.push(clock.monotonic() - start);
  });
  return { clock, at, reloads, hangup: () => hangup() };
}

it("reloads at once", async () => {
  const { clock, hangup, at } = reloadable();
  hangup();
  await clock.settle();
  expect(at).toEqual([0]);
});

it("makes of a storm one reload a second, and never forgets the last wish", async () => {
  const { clock, hangup, at } = reloadable();
  for (let i = 0; i < 60; i++) {
    hangup();
    await clock.advance(40);
  }
  await clock.advance(10_000);
  expect(at).toEqual([0, 1_000, 2_000, 3_000]);
});

it("leaves nothing behind", async () => {
  const { clock, hangup, at, reloads } = reloadable();
  hangup();
  hangup();
  reloads[Symbol.dispose]();
  hangup();
  await clock.advance(10_000);
  expect(at).toEqual([0]);
  expect(clock.pending).toBe(0);
});
