import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  readConfigFile,
  readConfigFileIfAny,
  readConfigFolder,
  readCredentials,
  readSecretFile,
} from "../../agent/platform/config-files.ts";
import { temporaryRoot } from "../support/temporary-root.ts";

const namesOf = (files: readonly { path: string }[], root: string) =>
  files.map(({ path }) => path.slice(root.length + 1));

describe("readConfigFolder", () => {
  it("takes pipit.toml, then the files of config.d that end in .toml, in the order of their names", () => {
    using root = temporaryRoot();
    for (const name of [
      "70-b.toml",
      "50-a.toml",
      "100-c.toml",
      ".hidden.toml",
      "60-x.toml.bak",
      "README",
    ])
      root.write(`config.d/${name}`, "");
    root.write("pipit.toml", "");
    expect(namesOf(readConfigFolder(root.path), root.path)).toEqual([
      "pipit.toml",
      "config.d/100-c.toml",
      "config.d/50-a.toml",
      "config.d/70-b.toml",
    ]);
  });

  it("is empty where nothing is there", () => {
    using root = temporaryRoot();
    expect(readConfigFolder(join(root.path, "etc/pipit"))).toEqual([]);
  });

  it("reports what is no regular file, and does not wait for a FIFO", () => {
    using root = temporaryRoot();
    mkdirSync(join(root.path, "pipit.toml"));
    mkdirSync(join(root.path, "config.d"));
    execFileSync("mkfifo", [join(root.path, "config.d/50-fifo.toml")]);
    symlinkSync("60-loop.toml", join(root.path, "config.d/60-loop.toml"));
    expect(readConfigFolder(root.path).map((file) => "failure" in file && file.failure)).toEqual([
      "is not a regular file; remove it, or correct the path",
      "is not a regular file; remove it, or correct the path",
      "cannot be read (ELOOP); check the path and the file system",
    ]);
  });

  it("reports a config.d that is no folder", () => {
    using root = temporaryRoot();
    root.write("config.d", "");
    expect(readConfigFolder(root.path)).toEqual([
      {
        path: join(root.path, "config.d"),
        failure: "cannot be read (ENOTDIR); check the path and the file system",
      },
    ]);
  });
});

describe("one file", () => {
  it("comes with its bytes and its mode", () => {
    using root = temporaryRoot();
    const path = root.write("a.toml", "[log]", 0o604);
    const file = readConfigFile(path);
    expect(file).toMatchObject({ path, bytes: new TextEncoder().encode("[log]") });
    expect("mode" in file && file.mode & 0o777).toBe(0o604);
  });

  it("that must be there and is not is a failure; that may be there is null", () => {
    using root = temporaryRoot();
    const path = join(root.path, "none.toml");
    expect(readConfigFile(path)).toEqual({
      path,
      failure: "does not exist; correct the path after --config",
    });
    expect(readConfigFileIfAny(path)).toBeNull();
  });

  it("is read no further than one byte above 1 MB", () => {
    using root = temporaryRoot();
    const file = readConfigFile(root.write("big.toml", "#".repeat(3_000_000)));
    expect("bytes" in file && file.bytes.length).toBe(1_000_001);
  });

  it("that lies about its size, as those of /proc do, is still seen to have content", () => {
    const file = readConfigFile("/proc/self/status");
    expect("bytes" in file && file.bytes.length).toBeGreaterThan(0);
  });
});

describe("secrets", () => {
  it("are systemd's credentials of our names, and no others", () => {
    using root = temporaryRoot();
    root.write("pipit.provision-key", "k\n", 0o400);
    root.write("other", "x");
    expect(readCredentials(root.path)).toMatchObject([
      { name: "pipit.provision-key", text: "k\n" },
    ]);
    expect(readCredentials(undefined)).toEqual([]);
    expect(readCredentials(join(root.path, "none"))).toEqual([]);
  });

  it("must be there and short when secret_file names them", () => {
    using root = temporaryRoot();
    const read = (path: string) => readSecretFile(path, root.path);
    expect(read(root.write("s", "secret"))).toMatchObject({ text: "secret", isOurs: true });
    expect(read(join(root.path, "none"))).toMatchObject({
      failure: "does not exist; create it, or correct secret_file",
      isAbsent: true,
    });
    expect(read(root.write("long", "x".repeat(4_097)))).toMatchObject({
      failure: "is larger than 4 KB; it must hold the secret and nothing else",
    });
    expect(read(root.write("full", "x".repeat(4_096)))).toHaveProperty("text");
  });

  it("may lie in the state folder without being named, and need not", () => {
    using root = temporaryRoot();
    expect(readSecretFile(null, root.path)).toBeNull();
    expect(readSecretFile(null, join(root.path, "none"))).toBeNull();
    const path = root.write("provision-secret", "secret\n");
    expect(readSecretFile(null, root.path)).toMatchObject({ name: path, text: "secret\n" });
  });
});
