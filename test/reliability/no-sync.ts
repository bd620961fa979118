/**
 * Loaded before agent/main.ts (`node --import`): files that are opened to be durable are not, and a sync does nothing. The
 * control of the power cuts: with it the same test must lose something.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { O_DSYNC, O_SYNC } = fs.constants;
/** O_SYNC has the bit of O_DSYNC in it. */
const careless = (parameters: readonly unknown[]) =>
  parameters.map((flags, index) =>
    index === 1 && typeof flags === "number" ? flags & ~(O_DSYNC | O_SYNC) : flags,
  );

fs.open = new Proxy(fs.open, {
  apply: (target, self, parameters) => Reflect.apply(target, self, careless(parameters)),
});
fs.openSync = new Proxy(fs.openSync, {
  apply: (target, self, parameters) => Reflect.apply(target, self, careless(parameters)),
});
fs.fsyncSync = () => {};
fs.fdatasyncSync = () => {};
fs.fsync = new Proxy(fs.fsync, {
  apply: (_target, _self, [, done]) => void setImmediate(done, null),
});
syncBuiltinESMExports();
