import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { compileCache } from "../compile-cache.ts";

const isFull = process.env["PIPIT_HEAVY"] === "1";

/** These measure time, or what time costs: nothing runs beside them. */
const measuring = [
  "clock-process",
  "flood",
  "hung-sensor",
  "malformed-datagrams",
  "month",
  "shutdown",
  "watchdog",
].map((name) => `test/reliability/${name}.test.ts`);

const suite = (name: string, groupOrder: number, maxWorkers: number) => ({
  test: {
    name,
    root: join(import.meta.dirname, "../.."),
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:ffi, as in the executable
    testTimeout: isFull ? 3_600_000 : 180_000,
    hookTimeout: 120_000,
    maxWorkers,
    sequence: { groupOrder },
  },
});
const alone = suite("reliability, measured", 0, 1);
// What mostly waits goes three files at a time; the full counts are work.
const others = suite("reliability", 1, isFull ? 1 : 3);

/** The proofs of "nothing lost": a tenth of the counts here and in .ci/run, all of them with PIPIT_HEAVY=1. */
export default defineConfig({
  test: {
    projects: [
      { test: { ...alone.test, include: measuring } },
      {
        test: {
          ...others.test,
          env: compileCache,
          include: ["test/reliability/**/*.test.ts"],
          exclude: measuring,
        },
      },
    ],
  },
});
