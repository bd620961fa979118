import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Suites that need root or Debian packages: one file at a time unless .ci/run says otherwise, with time to spare. */
export default defineConfig({
  test: {
    name: "system",
    root: join(import.meta.dirname, "../.."),
    include: ["test/system/**/*.test.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:ffi, as in the executable
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
