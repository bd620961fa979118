import { bootImport } from "./boot-import.ts";
import { bootReport } from "./boot-report.ts";
import type { Command } from "./command.ts";
import { configCheck } from "./config-check.ts";
import { configShow } from "./config-show.ts";
import { inventory } from "./inventory.ts";
import { provision } from "./provision.ts";
import { publish } from "./publish.ts";
import { reader } from "./reader.ts";
import { run } from "./run.ts";
import { sample } from "./sample.ts";
import { sandbox } from "./sandbox.ts";
import { seal } from "./seal.ts";
import { sensorsScan } from "./sensors-scan.ts";
import { setup } from "./setup.ts";
import { status } from "./status.ts";
import { storeSecret } from "./store-secret.ts";
import { tryOut } from "./try.ts";

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  run,
  setup,
  provision,
  seal,
  status,
  sample,
  sensorsScan,
  publish,
  configCheck,
  configShow,
  tryOut,
  sandbox,
  inventory,
  reader,
  storeSecret,
  bootImport,
  bootReport,
];
