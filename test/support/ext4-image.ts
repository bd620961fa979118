import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { bindNative } from "../../agent/platform/ffi.ts";
import { bytesWrittenTo, deviceOf, makeExt4, mountExt4, ran } from "./ext4.ts";

export interface Ext4Image extends AsyncDisposable {
  /** Where it is mounted. */
  readonly folder: string;
  /** The power fails: from now on nothing reaches the disk, and nothing more of what is in memory. Takes no time. */
  cut(): void;
  /** The power comes back, once nobody uses it any more: its journal is replayed. */
  remount(): Promise<void>;
  /** To the device, by anybody, since it was mounted. */
  bytesWritten(): number;
  /** Unmounts it for good. @throws for what fsck finds */
  check(): Promise<void>;
}

export interface Ext4Options {
  /** A folder for the image and its mount point. */
  readonly folder: string;
  readonly megabytes: number;
  /** Of 4 KiB each by default. */
  readonly blockBytes?: number;
  /** For mount(8); by default everything is as the kernel has it. */
  readonly options?: string;
}

// include/uapi/linux/fs.h, fs/ext4/ext4.h: EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32); 2 leaves the journal as it is.
const EXT4_IOC_SHUTDOWN = 0x8004587dn;
const NOLOGFLUSH = Uint8Array.of(2, 0, 0, 0);

const UNMOUNT_LIMIT_MS = 30_000;
const AGAIN_MS = 20;

/** A disk of its own whose power can be cut. Needs root, e2fsprogs and mount. */
export async function ext4Image(given: Ext4Options): Promise<Ext4Image> {
  const { megabytes, blockBytes, options } = given;
  const image = join(given.folder, "card.ext4");
  const folder = join(given.folder, "card");
  const libc = bindNative({ ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" } });
  if (libc === null) throw new Error("the pinned Node has no working node:ffi");
  makeExt4(image, megabytes, blockBytes);
  mountExt4(image, folder, options);
  let isMounted = true;
  // A test that ran out of time disposes of nothing; what it left is not to be deleted through the mount.
  onTestFinished(() => {
    if (isMounted) spawnSync("umount", ["--lazy", folder]);
  });

  /** Whoever had files open may still be about to end. */
  const unmount = async () => {
    if (!isMounted) return;
    const name = deviceOf(folder);
    const startMs = performance.now();
    const until = async (isDone: () => string | null) => {
      for (let why = isDone(); why !== null; why = isDone()) {
        if (performance.now() - startMs > UNMOUNT_LIMIT_MS) throw new Error(why);
        await after(AGAIN_MS);
      }
    };
    await until(() => {
      const { status, stderr } = spawnSync("umount", [folder], { encoding: "utf8" });
      return status === 0 ? null : stderr;
    });
    isMounted = false;
    // A namespace of mounts that was made meanwhile has it too, and a new mount would get the file system that was cut.
    await until(() =>
      existsSync(`/sys/fs/ext4/${name}`) && backingFileOf(name) === image
        ? `${image} is still mounted on ${name}, in another mount namespace`
        : null,
    );
  };

  return {
    folder,
    cut() {
      const root = openSync(folder, "r");
      try {
        if (libc.ioctl(root, EXT4_IOC_SHUTDOWN, NOLOGFLUSH) !== 0)
          throw new Error(`the kernel does not shut ${folder} down: is this ext4, and this root?`);
      } finally {
        closeSync(root);
      }
    },
    async remount() {
      await unmount();
      mountExt4(image, folder, options);
      isMounted = true;
    },
    bytesWritten: () => bytesWrittenTo(deviceOf(folder)),
    async check() {
      await unmount();
      ran("e2fsck", "e2fsprogs", ["-f", "-n", image]);
    },
    [Symbol.asyncDispose]: unmount,
  };
}

/** Null: the loop device was let go. */
function backingFileOf(name: string): string | null {
  try {
    return readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").trim();
  } catch {
    return null;
  }
}
