import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Machine } from "./machines.ts";

const run = promisify(execFile);
const script = join(import.meta.dirname, "card.sh");
const overlay = join(import.meta.dirname, "overlay");
const LOOK_EVERY_MS = 500;
const LARGEST = { maxBuffer: 64 * 1024 * 1024 };

/** Runs card.sh; what it tells of a first time is passed on. */
async function cardScript(...args: readonly string[]): Promise<string> {
  const made = run(script, args, LARGEST);
  made.child.stderr?.pipe(process.stderr, { end: false });
  return (await made).stdout;
}

export interface Card {
  readonly path: string;
  put(file: string): Promise<void>;
  /** A file of its boot partition; "" where there is none. */
  get(name: string): Promise<string>;
  /** Rejects where its root file system is not sound once its journal is replayed. */
  check(): Promise<void>;
}

/** A card with this package installed, and nothing configured. */
export async function makeCard(folder: string, deb: string): Promise<Card> {
  const path = join(folder, "card");
  await cardScript("make", path, deb, overlay);
  return {
    path,
    put: async (file) => void (await cardScript("put", path, file)),
    get: (name) =>
      run(script, ["get", path, name]).then(
        ({ stdout }) => stdout,
        () => "",
      ),
    check: async () => void (await cardScript("check", path)),
  };
}

export interface Site extends AsyncDisposable {
  /** What a program is started through to be in the board's network. */
  readonly through: readonly string[];
  /** Requests that the server has carried out: "provision 2.01". */
  requests(): readonly string[];
  /** All values of the key "n" that the server has. */
  readonly n: ReadonlySet<number>;
  /** Takes the server away, and brings it back. */
  tell(line: "away" | "here"): void;
}

let sites = 0;

/** A network namespace of its own with a server and the time in it. */
export async function openSite(): Promise<Site> {
  const name = `pipit-board-${process.pid}-${++sites}`;
  execFileSync("ip", ["netns", "add", name]);
  execFileSync("ip", ["-n", name, "link", "set", "lo", "up"]);
  const through = ["ip", "netns", "exec", name];
  const program = join(import.meta.dirname, "server.ts");
  const [command = "", ...rest] = [
    ...[...through, process.execPath, "--disable-warning=ExperimentalWarning", program],
  ];
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  const requests: string[] = [];
  const n = new Set<number>();
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") return ready.resolve();
    const event = JSON.parse(line);
    requests.push(`${event.path} ${event.code}`);
    for (const value of event.n) n.add(value);
  });
  const close = async () => {
    child.kill();
    await ended;
    execFileSync("ip", ["netns", "delete", name]);
  };
  try {
    await Promise.race([ready.promise, ended.then(() => Promise.reject(new Error("no server")))]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    through,
    requests: () => requests,
    n,
    tell: (line) => void child.stdin.write(`${line}\n`),
    [Symbol.asyncDispose]: close,
  };
}

export interface Board extends AsyncDisposable {
  /** All that it has written to its console. */
  console(): string;
  /** Numbers that the agent has accepted from the counter, in this life. */
  accepted(): readonly number[];
  /** Resolves when it is so; rejects with the end of the console when it is not within `limitMs`, or the machine has ended. */
  until(what: string, isSo: () => boolean, limitMs?: number): Promise<void>;
  /** No goodbye: the power is gone. */
  cut(): Promise<void>;
}

const SLOW_MS = 600_000;

/** Switches a board on. */
export async function switchOn(
  { flavour, root, modules, console, deviceTree, options }: Machine,
  card: Card,
  site: Site,
  folder: string,
): Promise<Board> {
  const base = (await cardScript("base")).trim();
  const kernel = join(base, flavour);
  const initramfs = join(folder, "initramfs");
  if (!existsSync(initramfs)) await cardScript("initramfs", flavour, root, initramfs, ...modules);
  const version = readdirSync(join(kernel, "boot"))
    .find((name) => name.startsWith("vmlinuz-"))
    ?.slice("vmlinuz-".length);
  const said = join(folder, "console");
  const tree =
    deviceTree === null ? [] : ["-dtb", join(kernel, `usr/lib/linux-image-${version}`, deviceTree)];
  const line = [
    `console=${console} root=${root} rw panic=-1 systemd.show_status=0`,
    `systemd.mask=serial-getty@${console.split(",")[0]}.service`,
  ].join(" ");
  const [command = "", ...rest] = [
    ...site.through,
    // Ends with whoever started it, however that ends.
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["qemu-system-aarch64", "-accel", "tcg,thread=multi", ...options(card.path, said)],
    ...["-display", "none", "-monitor", "none", "-no-reboot", ...tree],
    ...["-kernel", join(kernel, `boot/vmlinuz-${version}`), "-initrd", initramfs, "-append", line],
  ];
  const child: ChildProcess = spawn(command, rest, { stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(child, "close");
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const text = () => (existsSync(said) ? readFileSync(said, "utf8").replaceAll("\r", "") : "");
  return {
    console: text,
    accepted: () => [...text().matchAll(/^accepted (\d+)$/gm)].map(([, number]) => Number(number)),
    async until(what, isSo, limitMs = SLOW_MS) {
      const failed = (why: string) =>
        new Error(`${what}: ${why}\n${text().split("\n").slice(-60).join("\n")}`);
      for (let waitedMs = 0; !isSo(); waitedMs += LOOK_EVERY_MS) {
        if (isOver) throw failed("the machine has ended");
        if (waitedMs > limitMs) throw failed(`not within ${limitMs / 1_000} s`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    },
    async cut() {
      child.kill("SIGKILL");
      await ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
