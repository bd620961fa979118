/**
 * Loaded before agent/main.ts (`node --import`): after some writes of the journal the disk never answers again, as a dying
 * card does. The event loop goes on.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Enough for the first samples to be stored. */
const SOUND_WRITES = 4;
let writes = 0;

fs.write = new Proxy(fs.write, {
  apply(target, self, parameters) {
    writes++;
    if (writes <= SOUND_WRITES) return Reflect.apply(target, self, parameters);
    if (writes > SOUND_WRITES + 1) return;
    fs.writeSync(2, "the disk hangs\n");
    setInterval(() => {}, 60_000); // a request that is under way keeps the process, as this does
  },
});
syncBuiltinESMExports();
