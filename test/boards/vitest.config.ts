import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** Emulated boards: by hand and before a release, for an emulated processor is slow. One at a time. */
export default defineConfig({
  test: {
    name: "boards",
    root: join(import.meta.dirname, "../.."),
    include: ["test/boards/**/*.test.ts"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 1_800_000,
  },
});
