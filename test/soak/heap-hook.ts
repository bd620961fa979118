/** Loaded before the agent, with --expose-gc: notes what its heap holds after a collection, in bytes, a line each time. */
import { appendFileSync } from "node:fs";

const EVERY_MS = 3_000;
/** Not there while the board is provisioned. */
const { SOAK_HEAP_FILE: file } = process.env;

if (file !== undefined)
  setInterval(() => appendFileSync(file, `${heldBytes()}\n`), EVERY_MS).unref();

/** @throws where Node was not started with --expose-gc */
function heldBytes(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("wants --expose-gc");
  gc();
  gc(); // what the first one has found to be held by nobody
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
