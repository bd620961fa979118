import type { Command } from "./command.ts";
import { configCheck } from "./config-check.ts";
import { configShow } from "./config-show.ts";
import { provision } from "./provision.ts";
import { run } from "./run.ts";
import { sample } from "./sample.ts";
import { sandbox } from "./sandbox.ts";

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  run,
  provision,
  sample,
  configCheck,
  configShow,
  sandbox,
];
