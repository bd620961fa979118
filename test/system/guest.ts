import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const script = join(import.meta.dirname, "guest.sh");

/** The kernel comes over the network the first time; the boot itself takes some seconds. */
const BOOT_LIMIT_MS = 240_000;
const COMMAND_LIMIT_MS = 60_000;

export interface Guest extends AsyncDisposable {
  /**
   * Runs lines of shell in the guest, one call after the other, and resolves to what they printed. Rejects with that
   * when the last of them fails. What runs on in the background has to be sent elsewhere: `sleep 9 >/dev/null 2>&1 &`.
   */
  run(lines: string): Promise<string>;
}

/** Boots a Linux in QEMU that has these programs in /bin and a chip at 0x48 of an I2C bus. Rejects with the reason. */
export async function startGuest(programs: readonly string[]): Promise<Guest> {
  const folder = mkdtempSync(join(tmpdir(), "pipit-guest-"));
  const child = spawn(script, [folder, ...programs], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  const text = { out: "", err: "" };
  let look = () => {};
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text.out += chunk;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text.err += chunk;
  });
  // A write to a guest that has just ended; `ended` rejects what waits.
  child.stdin.on("error", (error) => {
    text.err += `${error}\n`;
  });

  const failure = (what: string) =>
    new Error(`${what}\n${text.err}\n${consoleOf(folder)}\n${text.out}`);

  /** Resolves to what the pattern has taken off the front of the output. */
  const next = (pattern: RegExp, limitMs: number) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(failure(`the guest has not written ${pattern} in ${limitMs / 1000} s`)),
        limitMs,
      );
      look = () => {
        const match = pattern.exec(text.out);
        if (!match) return;
        clearTimeout(limit);
        text.out = text.out.slice(match.index + match[0].length);
        resolve(match);
      };
      ended.then(() => {
        clearTimeout(limit);
        reject(failure("the guest has ended"));
      }, reject);
      look();
    });

  const ask = async (lines: string, limitMs: number) => {
    const mark = randomUUID();
    child.stdin.write(`{\n${lines}\n} 2>&1 </dev/null; echo "${mark} $?"\n`);
    const [, output = "", status] = await next(new RegExp(`([^]*)${mark} (\\d+)\n`), limitMs);
    if (status !== "0") throw failure(`exit ${status} of: ${lines}\n${output}`);
    return output;
  };

  const guest: Guest = {
    run: (lines) => ask(lines, COMMAND_LIMIT_MS),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await next(/ready\n/, BOOT_LIMIT_MS);
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

/** What the kernel said; nothing where it has not come so far. */
function consoleOf(folder: string): string {
  const path = join(folder, "console");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
