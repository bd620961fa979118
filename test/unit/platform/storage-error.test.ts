import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { storageError } from "../../../agent/platform/storage-error.ts";

it.each([
  ["ENOSPC", /df -h \/state/],
  ["EDQUOT", /free some space/],
  ["EROFS", /read-only/],
  ["EACCES", /chown pipit \/state \/state\/x;/],
  ["EPERM", /chown/],
  ["ENOTDIR", /not a folder/],
  ["ELOOP", /not a folder/],
  ["EISDIR", /sudo mv \/state\/x \/state\/x\.old/],
  ["EIO", /replace it/],
  ["EMFILE", /ls -la \/state/],
])("%s comes with the hint that helps against it, and as the cause", (code, hint) => {
  const cause = Object.assign(new Error(code), { code, path: "/state/tmp", dest: "/state/x" });
  const error = storageError("it cannot be written", "/state", cause);
  expect(error).toMatchObject({
    kind: "storage",
    message: `it cannot be written (${code})`,
    cause,
  });
  expect(error instanceof AgentError && error.hint).toMatch(hint);
});

it("leaves alone what has a kind, or is not the disk's fault", () => {
  for (const error of [new AgentError("transient", "held"), new TypeError("oops")]) {
    expect(storageError("it cannot be written", "/state", error)).toBe(error);
  }
});
