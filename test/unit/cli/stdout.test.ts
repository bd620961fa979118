import { expect, it } from "vitest";
import { stdoutLines } from "../../../agent/cli/stdout.ts";

function lines(codes: (string | null)[]) {
  const written: string[] = [];
  let goneCalls = 0;
  const out = stdoutLines({
    gone: () => void goneCalls++,
    write: (_fd: number, bytes: unknown) => {
      const code = codes.shift();
      if (code) throw Object.assign(new Error(code), { code });
      written.push(String(bytes));
      return String(bytes).length;
    },
  });
  return { out, written, gone: () => goneCalls };
}

it("waits for a slow reader", () => {
  const { out, written } = lines(["EAGAIN", null]);
  out("heard");
  expect(written).toEqual(["heard\n"]);
});

it("tells once that the reader has gone, and writes no more", () => {
  const { out, written, gone } = lines(["EPIPE"]);
  out("a");
  out("b");
  expect(written).toEqual([]);
  expect(gone()).toBe(1);
});

it("a full disk is a storage error with a hint", () => {
  const { out } = lines(["ENOSPC"]);
  expect(() => out("a")).toThrow(
    expect.objectContaining({
      kind: "storage",
      message: "standard output cannot be written (ENOSPC)",
      hint: expect.stringContaining("space"),
    }),
  );
});
