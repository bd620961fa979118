import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { asidesOf } from "../../../agent/cli/journals-aside.ts";
import { aBoard } from "../../support/device-rig.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

it("where the state folder cannot be listed there are none, and the agent goes on", () => {
  const noFolder = join(temporaryFolder(), "state");
  expect(asidesOf(noFolder, aBoard)).toEqual([]);
  writeFileSync(noFolder, "");
  expect(asidesOf(noFolder, aBoard)).toEqual([]);
});
