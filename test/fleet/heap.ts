import { getHeapSpaceStatistics } from "node:v8";

/**
 * Bytes that are left after a collection, without what V8 has compiled: it goes on compiling for hours, and as much for one board as
 * for ten thousand.
 * @throws where Node was not started with --expose-gc
 */
export function heapBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("start it by npm run fleet: it wants --expose-gc");
  gc();
  gc(); // what the first one has found to be held by nobody
  const used = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !/^(code|trusted)_/.test(name))
    .reduce((total, { space_used_size: bytes }) => total + bytes, 0);
  return used + process.memoryUsage().arrayBuffers;
}
