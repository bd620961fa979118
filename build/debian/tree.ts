import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/** A file of a package; all of them belong to root. */
export interface DebFile {
  /** "usr/bin/pipit" */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
  /** The operator edits it: dpkg asks before it replaces it (deb-conffiles(5)). */
  readonly conffile?: true;
}

/** As `gzip -9n` does it: without name and time, so that the same text gives the same bytes. */
export const gzipped = (text: string | Buffer): Buffer => gzipSync(text, { level: 9 });

/** Writes the tree that dpkg-deb takes: the files, and in DEBIAN/ their lists beside `controlFiles`. */
export function writeTree(
  folder: string,
  files: readonly DebFile[],
  controlFiles: readonly DebFile[],
): void {
  const lists: readonly DebFile[] = [
    { path: "conffiles", mode: 0o644, content: Buffer.from(conffiles(files)) },
    { path: "md5sums", mode: 0o644, content: Buffer.from(md5sums(files)) },
  ];
  for (const { path, mode, content } of files) write(join(folder, path), mode, content);
  for (const { path, mode, content } of [...controlFiles, ...lists])
    write(join(folder, "DEBIAN", path), mode, content);
}

/** Installed-Size of deb-control(5): KiB, files rounded up; counted, because `du` depends on the file system. */
export const installedKib = (files: readonly DebFile[]): number =>
  files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0) +
  new Set(files.flatMap(({ path }) => foldersOf(path))).size;

const conffiles = (files: readonly DebFile[]) =>
  files
    .filter(({ conffile }) => conffile)
    .map(({ path }) => `/${path}\n`)
    .join("");

const md5sums = (files: readonly DebFile[]) =>
  files
    .filter(({ conffile }) => !conffile)
    .map(({ path, content }) => `${createHash("md5").update(content).digest("hex")}  ${path}\n`)
    .sort((one, other) => (one.slice(34) < other.slice(34) ? -1 : 1))
    .join("");

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function write(path: string, mode: number, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}
