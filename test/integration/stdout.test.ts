import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pipit } from "../support/pipit-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it.each([
  ["sample", "load", "--count", "999999", "--interval", "100ms"],
  ["sandbox", "--port", "0", "--http-port", "0"],
])("pipit %s ends soon and well when nobody reads its output any more", async (...args) => {
  const process = pipit(args);
  if (process.child.stdout) {
    await once(process.child.stdout, "data");
    process.child.stdout.destroy();
  }
  expect(await process.ended).toBe(0);
  expect(process.stderr()).not.toContain("bug");
});

it("output that cannot be written is exit code 75 and no bug", () => {
  const main = join(import.meta.dirname, "../../agent/main.ts");
  const command = `exec "${process.execPath}" "${main}" sample load > /dev/full`;
  const { status, stderr } = spawnSync("sh", ["-c", command], {
    encoding: "utf8",
    cwd: temporaryFolder(),
  });
  expect(stderr).toContain("pipit: standard output cannot be written (ENOSPC)");
  expect(stderr).not.toContain("bug");
  expect(status).toBe(75);
});
