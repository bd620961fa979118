import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { AgentError } from "../errors.ts";
import { durableWrite } from "../platform/durable-write.ts";
import { errnoOf } from "../platform/errno.ts";
import { systemFiles } from "../platform/files.ts";
import { ownProgram } from "../platform/own-program.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What setting a board up does to the machine, by hand or from its boot partition. In a dry run it is only told. */
export interface PrivilegedActs {
  /** For root and the service, nobody else. */
  writeConfig(path: string, text: string): void;
  /** Of the service's user. */
  makeStateFolder(path: string): void;
  /** This program, as whoever the command makes of itself; `input` is its standard input. */
  pipit(args: readonly string[], input?: string): Ended;
  /** @throws AgentError `storage` where it fails */
  systemctl(...args: readonly string[]): void;
  /** The service runs, starts, or waits to be started again. */
  isWanted(): boolean;
}

const USER = "pipit";
const UNIT = "pipit.service";

export interface PrivilegedActsDeps {
  readonly dryRun: boolean;
  /** Each privileged act, before it is done. */
  tell(act: string): void;
}

/** @throws AgentError `config` where Pipit is not installed as a service */
export function privilegedActs({ dryRun, tell }: PrivilegedActsDeps): PrivilegedActs {
  const user = dryRun ? null : userOf(USER);
  const act = (words: string, work: () => void) => {
    tell(words);
    if (!dryRun) work();
  };
  return {
    writeConfig(path, text) {
      act(`write ${path} (root:${USER}, 0640)`, () => {
        const folder = dirname(path);
        // Root's umask may be closer than the service can bear.
        if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o755);
        const fresh = `${path}.new`;
        durableWrite(fresh, text);
        chownSync(fresh, 0, user?.gid ?? 0);
        chmodSync(fresh, 0o640);
        // The old one, or the new one with its owner and mode: there is nothing in between.
        renameSync(fresh, path);
        systemFiles.syncFolder(folder);
      });
    },
    makeStateFolder(path) {
      // Nothing of one that is there is touched: whoever owns it could have put a link in its place.
      if (existsSync(path)) return;
      act(`make ${path} (${USER}, 0700)`, () => {
        if (mkdirSync(path, { recursive: true, mode: 0o700 }) === undefined) return;
        chownSync(path, user?.uid ?? 0, user?.gid ?? 0);
      });
    },
    pipit(args, input = "") {
      tell(`as ${USER}: pipit ${args.join(" ")}`);
      if (dryRun) return { code: 0, stdout: "", stderr: "" };
      const { file, args: words } = ownProgram(args);
      const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
      const ended = spawnSync(file, words, { input, env, encoding: "utf8" });
      const why = ended.error?.message ?? "";
      return { code: ended.status ?? 70, stdout: ended.stdout ?? "", stderr: ended.stderr || why };
    },
    systemctl(...args) {
      act(`systemctl ${args.join(" ")}`, () => {
        const { status, stderr, error } = spawnSync("systemctl", args, { encoding: "utf8" });
        if (status === 0) return;
        const why = error === undefined ? stderr.trim() : (errnoOf(error) ?? error.message);
        throw new AgentError("storage", `systemctl ${args.join(" ")}: ${why}`, {
          code: "P081",
          hint: "systemctl status pipit; journalctl -u pipit -n 50",
        });
      });
    },
    isWanted() {
      const asked = ["show", "--value", "--property=ActiveState", UNIT];
      const { stdout } = spawnSync("systemctl", asked, { encoding: "utf8" });
      return !["inactive", "failed", ""].includes((stdout ?? "").trim());
    },
  };
}

/** From passwd(5): users of the system's own are there. */
function userOf(name: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`));
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid };
  throw new AgentError(
    "config",
    `there is no user ${name}: Pipit is not installed as a service here`,
    {
      code: "P080",
      hint: "install it first: sudo ./install.sh, or sudo apt install ./pipit_VERSION_ARCH.deb",
    },
  );
}
