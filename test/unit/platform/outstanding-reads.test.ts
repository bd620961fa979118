import { expect, it } from "vitest";
import { hungReads } from "../../../agent/cli/hung-reads.ts";
import { counted, outstandingReads } from "../../../agent/platform/outstanding-reads.ts";

it("counts reads until they settle, and says so at the end only when some have not", async () => {
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  expect(await hungReads(stderr)).toBe(0);
  const hung = Promise.withResolvers<void>();
  const reading = counted(hung.promise);
  await expect(counted(Promise.reject(new Error("EIO")))).rejects.toThrow("EIO");
  expect(outstandingReads()).toBe(1);
  expect(await hungReads(stderr)).toBe(1);
  expect(lines).toEqual([expect.stringContaining("1 reads hang in a driver")]);
  hung.resolve();
  await reading;
  expect(outstandingReads()).toBe(0);
});

it("does not call a read hung that is answered soon", async () => {
  const lines: string[] = [];
  const read = Promise.withResolvers<string>();
  const reading = counted(read.promise);
  const hung = hungReads({ write: (text) => lines.push(text) });
  read.resolve("48312\n");
  expect(await hung).toBe(0);
  expect(lines).toEqual([]);
  await reading;
});
