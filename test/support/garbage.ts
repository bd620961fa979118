import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects everything collectable and returns the bytes of heap and buffers that live on. */
export function collectGarbage(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  // The second round takes what the first one's finalisers released.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
