import { join } from "node:path";

/**
 * For the agents that a test starts: each would compile all of its sources again, which is two thirds of the processor time
 * of a short life. Node checks what it finds there against the sources.
 */
export const compileCache = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, "../node_modules/.cache/compiled"),
};
