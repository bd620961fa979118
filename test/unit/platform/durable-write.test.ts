import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { durableWrite, temporaryOf } from "../../../agent/platform/durable-write.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

function place() {
  const folder = temporaryFolder();
  const file = join(folder, "credentials.json");
  return { folder, file, temporary: temporaryOf(file) };
}

it("does not take over the loose mode of a temporary file that was left there", () => {
  const { folder, file, temporary } = place();
  writeFileSync(temporary, "left");
  chmodSync(temporary, 0o666);
  durableWrite(file, "token");
  expect(readFileSync(file, "utf8")).toBe("token");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["credentials.json"]);
});

it("neither waits for a FIFO nor follows a link in the temporary file's place", () => {
  const { folder, file, temporary } = place();
  execFileSync("mkfifo", [temporary]);
  durableWrite(file, "one");
  expect(readFileSync(file, "utf8")).toBe("one");
  const victim = join(folder, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, temporary);
  durableWrite(file, "two");
  expect(readFileSync(file, "utf8")).toBe("two");
  expect(readFileSync(victim, "utf8")).toBe("untouched");
});

it("fails for a folder in the temporary file's place, and leaves both as they were", () => {
  const { file, temporary } = place();
  durableWrite(file, "old");
  mkdirSync(temporary);
  expect(() => durableWrite(file, "new")).toThrow(
    expect.objectContaining({ code: "EISDIR", path: temporary }),
  );
  expect(readFileSync(file, "utf8")).toBe("old");
});
