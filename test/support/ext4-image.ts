import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { bindNative } from "../../agent/platform/ffi.ts";

export interface Ext4Image extends AsyncDisposable {
  /** Where it is mounted. */
  readonly folder: string;
  /** The power fails: from now on nothing reaches the disk, and nothing more of what is in memory. Takes no time. */
  cut(): void;
  /** The power comes back, once nobody uses it any more: its journal is replayed. */
  remount(): Promise<void>;
  /** To the device, by anybody, since it was mounted: /sys/block/loop0/stat counts sectors of 512 bytes. */
  bytesWritten(): number;
  /** Unmounts it for good. @throws for what fsck finds */
  check(): Promise<void>;
}

export interface Ext4Options {
  /** A folder for the image and its mount point. */
  readonly folder: string;
  readonly megabytes: number;
  /** For mount(8); by default everything is as the kernel has it. */
  readonly options?: string;
}

// include/uapi/linux/fs.h, fs/ext4/ext4.h: EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32); 2 leaves the journal as it is.
const EXT4_IOC_SHUTDOWN = 0x8004587dn;
const NOLOGFLUSH = Uint8Array.of(2, 0, 0, 0);

const SECTOR_BYTES = 512;
const UNMOUNT_LIMIT_MS = 30_000;
const AGAIN_MS = 20;

/** A real ext4 with blocks of 4 KiB, as on a card, on a loop device of its own. Needs root, e2fsprogs and mount. */
export async function ext4Image(given: Ext4Options): Promise<Ext4Image> {
  const { megabytes, options = "defaults" } = given;
  const image = join(given.folder, "card.ext4");
  const folder = join(given.folder, "card");
  const libc = bindNative({ ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" } });
  if (libc === null) throw new Error("the pinned Node has no working node:ffi");
  mkdirSync(folder, { recursive: true });
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1024 * 1024);
  // Tables that are made later would count as written by whoever is measured.
  const whole = "lazy_itable_init=0,lazy_journal_init=0";
  ran("mkfs.ext4", "e2fsprogs", ["-q", "-F", "-b", "4096", "-m", "0", "-E", whole, image]);
  const mount = () => ran("mount", "mount", ["-t", "ext4", "-o", `loop,${options}`, image, folder]);
  mount();
  let isMounted = true;
  // A test that ran out of time disposes of nothing; what it left is not to be deleted through the mount.
  onTestFinished(() => {
    if (isMounted) spawnSync("umount", ["--lazy", folder]);
  });

  /** "loop0" */
  const device = () => basename(ran("findmnt", "util-linux", ["-no", "SOURCE", folder]).trim());

  /** Whoever had files open may still be about to end. */
  const unmount = async () => {
    if (!isMounted) return;
    const name = device();
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
      mount();
      isMounted = true;
    },
    bytesWritten() {
      const stat = readFileSync(`/sys/block/${device()}/stat`, "utf8");
      return Number(stat.trim().split(/\s+/)[6]) * SECTOR_BYTES;
    },
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

/** Standard output. @throws when it is missing, or fails */
function ran(command: string, debianPackage: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (error) throw new Error(`${command} is missing: apt-get install ${debianPackage}`);
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed; it needs root:\n${stdout}${stderr}`);
  return stdout;
}
