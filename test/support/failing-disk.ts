import type { Disk } from "../../agent/platform/disk.ts";

export interface FailingDisk {
  readonly disk: Disk;
  /** Of any operation, so far. */
  readonly calls: number;
  /** Those from this index on fail with this code, so many of them. */
  fail(from: number, code: string, times?: number): void;
}

/** A disk whose every operation may fail; one that fails does nothing. */
export function failingDisk(under: Disk): FailingDisk {
  let calls = 0;
  let failing = { from: 0, to: 0, code: "" };
  const call = () => {
    const index = calls++;
    if (index >= failing.from && index < failing.to)
      throw Object.assign(new Error(failing.code), { code: failing.code });
  };
  const failable =
    <Given extends unknown[], Result>(operation: (...given: Given) => Promise<Result>) =>
    async (...given: Given) => {
      call();
      return operation(...given);
    };
  const disk: Disk = {
    makeFolder: failable(under.makeFolder),
    list: failable(under.list),
    create: failable(under.create),
    open: failable(under.open),
    read: failable(under.read),
    write: failable(under.write),
    size: failable(under.size),
    close: failable(under.close),
    rename: failable(under.rename),
    remove: failable(under.remove),
    syncFolder: failable(under.syncFolder),
    freeBytes: failable(under.freeBytes),
    blockBytes: failable(under.blockBytes),
  };
  return {
    disk,
    get calls() {
      return calls;
    },
    fail(from, code, times = 1) {
      failing = { from, to: from + times, code };
    },
  };
}
