import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryRoot extends Disposable {
  readonly path: string;
  /** Writes a file below the root, with its folders; mode 0640 unless told. */
  write(name: string, content: string | Uint8Array, mode?: number): string;
}

/** A folder that stands for "/" and goes away with its block. */
export function temporaryRoot(): TemporaryRoot {
  const path = mkdtempSync(join(tmpdir(), "pipit-test-"));
  return {
    path,
    write(name, content, mode = 0o640) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      chmodSync(file, mode); // the umask must not decide
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
