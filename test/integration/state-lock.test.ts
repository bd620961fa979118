import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { lockState } from "../../agent/platform/state-lock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const module = join(import.meta.dirname, "../../agent/platform/state-lock.ts");

/** A process that takes the lock, says so, and holds it until it is killed. */
async function holder(folder: string) {
  const code = `import { lockState } from ${JSON.stringify(module)};
    try { globalThis.held = lockState(${JSON.stringify(folder)}); console.log("held"); setInterval(() => {}, 1e6); }
    catch (error) { console.log(error.message); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return { child, said: String(line).trim() };
}

it("a second agent on one state folder is refused, with the pid of the first", async () => {
  const folder = temporaryFolder();
  const first = await holder(folder);
  expect(first.said).toBe("held");
  expect(() => lockState(folder)).toThrow(`another pipit (pid ${first.child.pid})`);
  const second = await holder(folder);
  expect(second.said).toContain(`pid ${first.child.pid}`);
});

it("a killed owner leaves nothing that stands in the way", async () => {
  const folder = temporaryFolder();
  const { child } = await holder(folder);
  child.kill("SIGKILL");
  await once(child, "exit");
  using _lock = lockState(folder);
  expect(readdirSync(folder)).toEqual(["lock"]);
});

it("gives the lock back, and leaves the folder as it was", () => {
  const folder = temporaryFolder();
  lockState(folder)[Symbol.dispose]();
  expect(readdirSync(folder)).toEqual([]);
  lockState(folder)[Symbol.dispose]();
});

it("takes a lock file that is garbage for no owner", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lock"), "\0\0\0");
  lockState(folder)[Symbol.dispose]();
});

it("of ten processes that find a dead owner's lock at once, one gets it", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "lock"), "999999 1 x\n");
  const contenders = await Promise.all(Array.from({ length: 10 }, () => holder(folder)));
  expect(contenders.filter(({ said }) => said === "held")).toHaveLength(1);
});
