import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { bootCopyIn, bootFileIn } from "../../../agent/cli/boot-file.ts";
import { takeOver } from "../../../agent/cli/boot-import.ts";
import type { PrivilegedActs } from "../../../agent/cli/privileged-acts.ts";
import { recordingShell } from "../../support/recording-shell.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const SECRET = "fleetSecret4711";
const text = (secret = SECRET, more = "") =>
  `[server]\nurl = "coap://tb.example.com"\n[provisioning]\nkey = "k"\nsecret = "${secret}"\n${more}`;
const blank = text().replace(`"${SECRET}"`, '""'.padEnd(SECRET.length + 2));

class PowerCut extends Error {}

/** A card; `cutAfter` acts the power fails. What the acts do to the machine, they do below a folder. */
function board(content: string) {
  const sysroot = temporaryFolder();
  const [file, copy] = [bootFileIn(sysroot), bootCopyIn(sysroot)];
  const stateDir = join(sysroot, "var/lib/pipit");
  mkdirSync(dirname(file), { recursive: true });
  const put = (next: string) => writeFileSync(file, next);
  put(content);
  const shell = recordingShell();

  async function start({ cutAfter = Number.POSITIVE_INFINITY, url = "" } = {}) {
    const done: string[] = [];
    const act = (name: string, work: () => void) => {
      if (done.length >= cutAfter) throw new PowerCut();
      work();
      done.push(name);
    };
    const acts: PrivilegedActs = {
      writeConfig: (path, written) =>
        act("copy", () => {
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, written);
        }),
      makeStateFolder: (path) => act("folder", () => mkdirSync(path, { recursive: true })),
      pipit(args, input = "") {
        expect(args).toEqual(["store-secret", "--state", stateDir]);
        act("secret", () => writeFileSync(join(stateDir, "provision-secret"), `${input}\n`));
        return { code: 0, stdout: "", stderr: "" };
      },
      systemctl: (...args) => act(args.join(" "), () => {}),
      isWanted: () => false,
    };
    const found = { bytes: readFileSync(file), file, copy, stateDir };
    const world = { acts, shell, isBooted: true, url: async () => url };
    return { ...(await takeOver(found, world)), done };
  }
  const secret = () => {
    const path = join(stateDir, "provision-secret");
    return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
  };
  const copied = () => (existsSync(copy) ? readFileSync(copy, "utf8") : null);
  return { start, put, secret, copied, shell, content: () => readFileSync(file, "utf8") };
}

const ALL = [
  "folder",
  "secret",
  "enable pipit.service",
  "copy",
  "--no-block reload-or-restart pipit.service",
];

describe("pipit.toml on the boot partition", () => {
  it("is taken over: the secret to the state folder, all else to /etc, the service started", async () => {
    const { start, secret, copied, content } = board(text());
    const { code, lines, done } = await start();
    expect([code, done]).toEqual([0, ALL]);
    expect(lines[0]).toBe(
      "WAITING  pipit.toml is taken over; no answer yet from coap://tb.example.com",
    );
    expect(secret()).toBe(SECRET);
    expect(copied()).toContain('key = "k"');
    expect(copied()).not.toContain(SECRET);
    expect(content()).toBe(text()); // kept until it has worked
  });

  it.each(ALL.map((name, index) => [name, index] as const))(
    "is taken over all the same where the power failed before %s",
    async (_, cutAfter) => {
      const { start, secret, copied } = board(text());
      await expect(start({ cutAfter })).rejects.toThrow(PowerCut);
      await start();
      expect(secret()).toBe(SECRET);
      expect(copied()).toContain('url = "coap://tb.example.com"');
    },
  );

  it("is left alone at the next start once its secret was erased", async () => {
    const { start, put } = board(text());
    await start();
    put(blank);
    expect(await start()).toEqual({ code: 0, lines: [], done: [] });
  });

  it("is taken over again where a setting, or nothing but the secret has changed", async () => {
    const { start, put, secret, copied } = board(text());
    await start();
    put(text("another-secret!"));
    expect((await start()).done).toEqual(ALL.filter((name) => name !== "copy"));
    expect(secret()).toBe("another-secret!");
    put(`${blank}[telemetry]\ninterval = "5m"\n`);
    expect((await start()).done).toEqual(ALL.filter((name) => name !== "secret"));
    expect(copied()).toContain('interval = "5m"');
  });

  it.each([1, 5, SECRET.length])(
    "of whose secret a power cut has left a piece (%i bytes erased) has the rest erased",
    async (erased) => {
      const { start, put, content } = board(text());
      await start();
      const at = blank.indexOf('""') + erased + 1;
      put(blank.slice(0, at) + text().slice(at));
      expect(content()).not.toBe(blank);
      expect(await start()).toEqual({ code: 0, lines: [], done: [] });
      expect(content()).toBe(blank);
    },
  );

  it("that does not parse changes nothing, and is told with its line and no secret", async () => {
    const { start, secret, copied } = board(text(SECRET, "[telemetry]\ninterval = 30s\n"));
    const { code, lines, done } = await start();
    expect([code, done, secret(), copied()]).toEqual([78, [], null, null]);
    expect(lines.join("\n")).toMatch(/^NOT READ.*\n\/.*pipit\.toml:7: .*quot/);
    expect(lines.join("\n")).not.toContain(SECRET);
  });

  it("without a server is refused, unless another file names one", async () => {
    const noServer = '[provisioning]\nkey = "k"\n';
    const { code, lines } = await board(noServer).start();
    expect([code, lines.join("\n")]).toEqual([78, expect.stringMatching(/no server URL/)]);
    expect((await board(noServer).start({ url: "coap://elsewhere" })).code).toBe(0);
  });

  it("with a wrong value counts but for that, which is told", async () => {
    const { start } = board(text(SECRET, '[telemetry]\ninterval = "10"\n'));
    const { code, lines } = await start();
    expect([code, lines.join("\n")]).toEqual([0, expect.stringMatching(/pipit\.toml:7: .*unit/)]);
  });
});
