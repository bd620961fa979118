import { join } from "node:path";
import { defineConfig } from "vitest/config";

const root = join(import.meta.dirname, "..");
const suite = (name: string, testTimeout: number) => ({
  test: { name, root, include: [`test/${name}/**/*.test.ts`], testTimeout },
});

/** `npm test` runs these; test/system needs root and Debian packages and belongs to .ci/run. */
export default defineConfig({
  test: {
    projects: [suite("unit", 5_000), suite("contract", 10_000), suite("integration", 60_000)],
  },
});
