import { execFile, execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { writeChecksums } from "../../build/checksums.ts";
import { cpus, ownCpu } from "../../build/cpus.ts";
import { demand } from "../support/demand.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/**
 * Where install.sh takes a program from, and what it believes. Nothing is installed here: a dry run, or DESTDIR. With real packages
 * on a real system: package.test.ts, systemd.test.ts.
 */

const script = join(import.meta.dirname, "../../install.sh");
const own = ownCpu === null ? "" : cpus[ownCpu].debian;
const DEB = `pipit_1.2.0_${own}.deb`;
const PROGRAM = "#!/bin/sh\necho 1.2.0\n";

let folder: string;
let release: string;
let scratch: string;

beforeAll(() =>
  demand(["curl", "curl"], ["wget", "wget"], ["openssl", "openssl"], ["dpkg-deb", "dpkg"]),
);

/** A release as `npm run package` makes them, of small files. */
beforeEach(() => {
  folder = temporaryFolder();
  release = join(folder, "release");
  scratch = join(folder, "scratch");
  for (const name of [release, scratch]) mkdirSync(name);
  const debs = [DEB, `pipit_1.10.0_${own}.deb`, "pipit_9.0.0_riscv64.deb"].map(makeDeb);
  const program = join(release, "program");
  writeFileSync(program, PROGRAM, { mode: 0o755 });
  writeChecksums(release, [...debs, program]);
});

function makeDeb(name: string): string {
  const tree = join(folder, name);
  mkdirSync(join(tree, "DEBIAN"), { recursive: true });
  chmodSync(join(tree, "DEBIAN"), 0o755);
  const [, version, architecture] = name.replace(".deb", "").split("_");
  writeFileSync(
    join(tree, "DEBIAN/control"),
    `Package: pipit\nVersion: ${version}\nArchitecture: ${architecture}\nMaintainer: A <a@b>\nDescription: d\n`,
  );
  const path = join(release, name);
  execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, path], {
    stdio: "ignore",
  });
  return path;
}

interface Installation {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs install.sh; what it keeps for a moment has to be gone afterwards. */
async function install(args: readonly string[], env: Record<string, string> = {}) {
  const outcome = await new Promise<Installation>((resolve) => {
    const options = { env: { ...process.env, TMPDIR: scratch, ...env }, cwd: folder };
    execFile(script, args, options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
  expect(readdirSync(scratch)).toEqual([]);
  return outcome;
}

const plan = (...args: string[]) => install(["--dry-run", ...args]);
const at = (name: string) => join(release, name);
const sha256 = (name: string) =>
  createHash("sha256")
    .update(readFileSync(at(name)))
    .digest("hex");
const planned = (name: string) => new RegExp(`apt-get install .*/${name.replaceAll(".", "\\.")}\n`);

const refusal = (reason: RegExp) => ({ code: 1, stderr: expect.stringMatching(reason) });

describe("a package from a folder", () => {
  it("is installed by apt when SHA256SUMS beside it says the same", async () => {
    const { code, stdout } = await plan(at(DEB));
    expect(code).toBe(0);
    expect(stdout).toContain(`${DEB} is what SHA256SUMS says`);
    expect(stdout).toMatch(planned(DEB));
  });

  it("is the newest for this CPU when the folder is named", async () => {
    expect((await plan("--from", release)).stdout).toMatch(planned(`pipit_1.10.0_${own}.deb`));
  });

  it("is refused when it is not what SHA256SUMS says", async () => {
    writeFileSync(at(DEB), "another");
    expect(await plan(at(DEB))).toMatchObject(refusal(/is not what SHA256SUMS says.*Nothing was/s));
  });

  it("is refused when SHA256SUMS does not name it, or nobody vouches for it", async () => {
    writeFileSync(at("SHA256SUMS"), "");
    expect(await plan(at(DEB))).toMatchObject(refusal(/SHA256SUMS does not list pipit_/));
    expect(await plan("--from", release)).toMatchObject(refusal(/lists no package for/));
    execFileSync("rm", [at("SHA256SUMS")]);
    expect(await plan(at(DEB))).toMatchObject(refusal(/nobody else vouches .* give --sha256/));
  });

  it("is taken with the hash that is given, and refused with another", async () => {
    execFileSync("rm", [at("SHA256SUMS")]);
    const given = await plan(at(DEB), "--sha256", sha256(DEB).toUpperCase());
    expect(given).toMatchObject({ code: 0, stdout: expect.stringMatching(planned(DEB)) });
    const wrong = await plan(at(DEB), "--sha256", "00");
    expect(wrong).toMatchObject(refusal(/is not what --sha256 says/));
  });

  it("is refused for another CPU, and as another program's", async () => {
    const foreign = await plan(at("pipit_9.0.0_riscv64.deb"));
    expect(foreign).toMatchObject(refusal(/riscv64\.deb is for riscv64, this system is/));
    const control = join(folder, DEB, "DEBIAN/control");
    writeFileSync(
      control,
      readFileSync(control, "utf8").replace("Package: pipit", "Package: other"),
    );
    execFileSync("dpkg-deb", ["--build", join(folder, DEB), at(DEB)], { stdio: "ignore" });
    const other = await plan(at(DEB), "--sha256", sha256(DEB));
    expect(other).toMatchObject(refusal(/is not a package of Pipit/));
  });

  it("does not go below DESTDIR", async () => {
    const outcome = await install([at(DEB)], { DESTDIR: join(folder, "image") });
    expect(outcome).toMatchObject(refusal(/into an image: dpkg --root=/));
  });
});

describe("a signature", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const others = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = (pair: typeof keys) => {
    const path = join(folder, "key.pem");
    writeFileSync(path, pair.publicKey.export({ type: "spki", format: "pem" }));
    return path;
  };
  const signRelease = () =>
    writeFileSync(
      at("SHA256SUMS.sig"),
      sign("sha256", readFileSync(at("SHA256SUMS")), keys.privateKey),
    );

  it("is believed when the named key made it", async () => {
    signRelease();
    const { code, stdout } = await plan(at(DEB), "--signed-by", publicKey(keys));
    expect(code).toBe(0);
    expect(stdout).toMatch(/is signed with the key of .*key\.pem\n.*is what SHA256SUMS says/);
  });

  it("is not when another key made it, or SHA256SUMS is not what was signed", async () => {
    signRelease();
    const denied = refusal(/was not signed with the key of .*: do not install/);
    expect(await plan(at(DEB), "--signed-by", publicKey(others))).toMatchObject(denied);
    writeFileSync(at("SHA256SUMS"), `${readFileSync(at("SHA256SUMS"), "utf8")}\n`);
    expect(await plan(at(DEB), "--signed-by", publicKey(keys))).toMatchObject(denied);
  });

  it("is missed where there is none, even with the right hash", async () => {
    const args = [at(DEB), "--signed-by", publicKey(keys), "--sha256", sha256(DEB)];
    expect(await plan(...args)).toMatchObject(refusal(/SHA256SUMS\.sig is missing: nobody has/));
  });

  it("counts for an executable too", async () => {
    const args = ["--from", at("program"), "--signed-by", publicKey(keys)];
    expect(await plan(...args)).toMatchObject(refusal(/SHA256SUMS\.sig is missing/));
    signRelease();
    writeFileSync(at("program"), `${PROGRAM}# changed\n`);
    expect(await plan(...args)).toMatchObject(refusal(/program is not what SHA256SUMS says/));
  });
});

describe.each(["curl", "wget"])("from the web, by %s", (tool) => {
  /** A PATH with this tool and not the other one. */
  function onlyWith(): Record<string, string> {
    const other = tool === "curl" ? "wget" : "curl";
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const from of (process.env["PATH"] ?? "").split(delimiter).filter(existsSync))
      for (const name of readdirSync(from))
        if (name !== other && !existsSync(join(bin, name)))
          symlinkSync(join(from, name), join(bin, name));
    return { PATH: bin };
  }

  async function serve(): Promise<string> {
    const server = createServer((request, response) => {
      const file = at(String(request.url).slice(1));
      if (request.url?.startsWith("/moved/") === true)
        response.writeHead(302, { location: request.url.slice("/moved".length) }).end();
      else if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("refuses clear text unless the operator knows what has to come", async () => {
    const url = `${await serve()}/${DEB}`;
    const env = onlyWith();
    const refused = await install(["--dry-run", "--from", url], env);
    expect(refused).toMatchObject(refusal(/can be changed on the way: use https:/));
    const args = ["--dry-run", "--from", url, "--sha256"];
    const taken = await install([...args, sha256(DEB)], env);
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringMatching(planned(DEB)) });
    const wrong = await install([...args, "00"], env);
    expect(wrong).toMatchObject(refusal(/is not what --sha256 says/));
  });

  it("follows where a download has moved to", async () => {
    const url = `${await serve()}/moved/${DEB}`;
    const { code, stdout } = await install(
      ["--dry-run", "--from", url, "--sha256", sha256(DEB)],
      onlyWith(),
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(planned(DEB))]);
  });

  it("finds the package for this CPU in a signed folder", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = join(folder, "key.pem");
    writeFileSync(key, publicKey.export({ type: "spki", format: "pem" }));
    writeFileSync(at("SHA256SUMS.sig"), sign("sha256", readFileSync(at("SHA256SUMS")), privateKey));
    const args = ["--dry-run", "--from", `${await serve()}/`, "--signed-by", key];
    const { code, stdout } = await install(args, onlyWith());
    expect([code, stdout]).toEqual([0, expect.stringMatching(planned(`pipit_1.10.0_${own}.deb`))]);
  });

  it("installs an executable, and fails on one that is not there", async () => {
    const url = await serve();
    const image = join(folder, "image");
    const env = { ...onlyWith(), DESTDIR: image };
    const args = ["--sha256", sha256("program"), "--from"];
    const missing = await install([...args, `${url}/nothing`], env);
    expect(missing).toMatchObject(refusal(/nothing cannot be downloaded.*Nothing was changed/s));
    expect(await install([...args, `${url}/program`], env)).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(image, "usr/bin/pipit"), "utf8")).toBe(PROGRAM);
  });
});

it("works when a shell reads it from a pipe", () => {
  const args = ["-s", "--", "--dry-run", "--from", release];
  const env = { ...process.env, TMPDIR: scratch };
  const stdout = execFileSync("sh", args, { input: readFileSync(script), env, encoding: "utf8" });
  expect(stdout).toMatch(planned(`pipit_1.10.0_${own}.deb`));
});

it("says what was begun when a command fails", async () => {
  writeFileSync(join(folder, "image"), "a file where a folder should be");
  const env = { DESTDIR: join(folder, "image") };
  const { code, stderr } = await install(["--from", at("program")], env);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(
    /FAILED while installing the program\nFailed, or done in part:\n {2}mkdir -p /,
  );
});

it("says which system is needed where programs have 32 bits", async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "dpkg"), "#!/bin/sh\necho armhf\n", { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  expect(await install(["--dry-run", at(DEB)], env)).toMatchObject(
    refusal(/this system is armhf; Pipit runs on 64-bit .* install the 64-bit Raspberry Pi OS/),
  );
});

it.each([["--from"], ["--sha256"], ["--signed-by"]])("wants a value after %s", async (option) => {
  expect(await plan(option)).toMatchObject(refusal(new RegExp(`${option} needs a value`)));
});
