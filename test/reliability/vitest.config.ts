import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** The proofs of "nothing lost": a tenth of the counts here and in .ci/run, all of them with PIPIT_HEAVY=1. */
export default defineConfig({
  test: {
    name: "reliability",
    root: join(import.meta.dirname, "../.."),
    include: ["test/reliability/**/*.test.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:ffi, as in the executable
    // Each takes processes, mounts or a core of its own.
    fileParallelism: false,
    testTimeout: process.env["PIPIT_HEAVY"] === "1" ? 3_600_000 : 180_000,
    hookTimeout: 120_000,
  },
});
