import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bootClock, systemBootClock } from "../../../agent/platform/boot-clock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

it("names this boot, and was made in the past", () => {
  expect(systemBootClock.bootId).toMatch(/^[0-9a-f-]{36}$/);
  expect(bootClock().bootId).toBe(systemBootClock.bootId);
  expect(systemBootClock.builtMs).toBeLessThan(Date.now());
});

it("is synchronised while the mark of the time service is there", () => {
  const mark = join(temporaryFolder(), "synchronized");
  const { isSynchronised } = bootClock(mark);
  expect(isSynchronised()).toBe(false);
  writeFileSync(mark, "");
  expect(isSynchronised()).toBe(true);
  rmSync(mark);
  expect(isSynchronised()).toBe(false);
});
