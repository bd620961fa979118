import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Made once: a new context is itself garbage for the next measurement. */
let collecting: (() => void) | undefined;
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const made: () => void = runInNewContext("gc");
  collecting = made;
  return made;
}

/** Collects everything collectable and returns the bytes of heap and buffers that live on. */
export function collectGarbage(): number {
  const collect = collecting ?? collector();
  // The second round takes what the first one's finalisers released.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
