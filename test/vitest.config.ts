import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { compileCache } from "./compile-cache.ts";

const root = join(import.meta.dirname, "..");
const suite = (name: string, testTimeout: number) => ({
  // vitest gives a hook 10 s of its own, which a loaded machine can use up.
  test: {
    name,
    root,
    include: [`test/${name}/**/*.test.ts`],
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:ffi, as in the executable
    env: compileCache,
    testTimeout,
    hookTimeout: testTimeout,
  },
});

/** `npm test` runs these; test/system needs root and Debian packages and belongs to .ci/run. */
export default defineConfig({
  test: {
    // A golden file that is missing fails, outside CI too; `npm test -- --update` writes it.
    update: "none",
    // Most of the time is spent waiting for processes and retransmissions, so every core may take a file.
    maxWorkers: "100%",
    projects: [suite("unit", 15_000), suite("contract", 15_000), suite("integration", 60_000)],
  },
});
