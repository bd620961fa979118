import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultProfile } from "../../agent/sandbox/sandbox.ts";
import { type Cpu, cpus, ownCpu } from "../../build/cpus.ts";
import { dependencies } from "../../build/debian/control.ts";
import manifest from "../../package.json" with { type: "json" };
import { type CleanClone, cleanClone } from "../support/clean-clone.ts";
import { demand } from "../support/demand.ts";
import { startStandIn } from "../support/stand-in.ts";
import { type Container, releases, startContainer } from "./container.ts";

/**
 * The packages as a maker makes them, from clean clones, and what becomes of a Debian where one is installed, upgraded, removed
 * and purged.
 */

const LIMIT_BYTES = 28_000_000;
const MAKING_LIMIT_MS = 900_000;
const NEXT = `${manifest.version}+next`;
const CONFIG = "/etc/pipit/pipit.toml";
const CREDENTIALS = "/var/lib/pipit/credentials.json";
const DROP_IN = "/usr/lib/systemd/system/pipit.service.d/systemd-254.conf";
const WANTED = "/etc/systemd/system/multi-user.target.wants/pipit.service";

let work: string;
let clone: CleanClone;
let otherClone: CleanClone;

const debName = (version: string, cpu: Cpu) => `pipit_${version}_${cpus[cpu].debian}.deb`;
const deb = (cpu: Cpu) => join(clone.folder, "dist", debName(manifest.version, cpu));
const both = ["x64", "arm64"] as const;

beforeAll(async () => {
  demand(["lintian", "lintian"], ["dpkg-deb", "dpkg"], ["readelf", "binutils"]);
  work = await mkdtemp(join(tmpdir(), "pipit-package-"));
  clone = await cleanClone({ folder: join(work, "one") });
  otherClone = await cleanClone({
    folder: join(work, "another/with a longer name"),
    env: { TZ: "Pacific/Kiritimati", LC_ALL: "C", LANG: "" },
    umask: "077",
  });
  await Promise.all([clone, otherClone].map(({ run }) => run("npm", "run", "--silent", "package")));
}, MAKING_LIMIT_MS);

afterAll(() => {
  if (work !== undefined) rmSync(work, { recursive: true });
});

describe("npm run package", () => {
  it("makes executables, packages and their SBOMs for both CPUs", () => {
    const sums = readFileSync(join(clone.folder, "dist/SHA256SUMS"), "utf8");
    const names = both.flatMap((cpu) => {
      const name = debName(manifest.version, cpu);
      return [`pipit-linux-${cpu}`, name, name.replace(/deb$/, "cdx.json")];
    });
    expect(sums.split("\n").map((line) => line.split("  ")[1] ?? "")).toEqual([
      ...names.toSorted(),
      "",
    ]);
  });

  it("makes the same bytes of the same commit in another folder, by a maker with other habits", () => {
    const [one, another] = [clone, otherClone].map(({ folder }) => {
      const sums = readFileSync(join(folder, "dist/SHA256SUMS"), "utf8");
      for (const [sum, name = ""] of sums
        .trim()
        .split("\n")
        .map((line) => line.split("  ")))
        expect(sha256(join(folder, "dist", name)), name).toBe(sum);
      return sums;
    });
    expect(one).toBe(another);
  });

  it("leaves nothing behind that git would see", async () => {
    expect(await clone.run("git", "status", "--porcelain")).toBe("");
    expect(readdirSync(join(clone.folder, "dist"))).not.toContain(".work");
  });

  it("describes each package by its own hash", () => {
    for (const cpu of both) {
      const sbom = JSON.parse(readFileSync(deb(cpu).replace(/deb$/, "cdx.json"), "utf8"));
      expect(sbom.metadata.component.hashes).toEqual([
        { alg: "SHA-256", content: sha256(deb(cpu)) },
      ]);
    }
  });
});

describe.each(both)("the package for %s", (cpu) => {
  it("pleases lintian", async () => {
    const verdict = ["--fail-on", "error,warning", "--allow-root", deb(cpu)];
    expect(await clone.run("lintian", ...verdict)).toBe("");
  });

  it(`has at most ${LIMIT_BYTES / 1e6} MB`, () => {
    expect(statSync(deb(cpu)).size).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  it("has these files, all of them root's, and the configuration for nobody else", async () => {
    const listed = (await clone.run("dpkg-deb", "--contents", deb(cpu))).trim().split("\n");
    const files = listed.map((line) => /^(\S+) (\S+) .* \.\/(.*)$/.exec(line)?.slice(1) ?? []);
    expect(new Set(files.map(([, owner]) => owner))).toEqual(new Set(["root/root"]));
    const plain = files
      .filter(([mode = ""]) => !mode.startsWith("d"))
      .map(([mode, , path]) => `${mode} ${path}`);
    expect(plain.filter((line) => !line.endsWith(".md"))).toEqual([
      "-rw-r----- etc/pipit/pipit.toml",
      "-rwxr-xr-x usr/bin/pipit",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot-report.path",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot-report.service",
      "-rw-r--r-- usr/lib/systemd/system/pipit-boot.service",
      "-rw-r--r-- usr/lib/systemd/system/pipit.service",
      "-rw-r--r-- usr/lib/sysusers.d/pipit.conf",
      "-rw-r--r-- usr/share/doc/pipit/changelog.gz",
      "-rw-r--r-- usr/share/doc/pipit/copyright",
      "-rw-r--r-- usr/share/doc/pipit/third-party-licences.txt.gz",
      "-rw-r--r-- usr/share/lintian/overrides/pipit",
      "-rw-r--r-- usr/share/man/man1/pipit.1.gz",
      "-rw-r--r-- usr/share/man/man5/pipit.toml.5.gz",
      "-rw-r--r-- usr/share/pipit/systemd-254.conf",
    ]);
    expect(plain).toContain("-rw-r--r-- usr/share/doc/pipit/configuration.md");
    const folders = files.filter(([mode = ""]) => mode.startsWith("d")).map(([mode]) => mode);
    expect(new Set(folders)).toEqual(new Set(["drwxr-xr-x"]));
    expect(await clone.run("dpkg-deb", "--info", deb(cpu), "conffiles")).toBe(`${CONFIG}\n`);
  });

  it("depends on the libraries that the executable is linked to, in versions that have what it uses", async () => {
    const executable = join(clone.folder, `dist/pipit-linux-${cpu}`);
    const text = await clone.run("readelf", "--wide", "--dynamic", "--version-info", executable);
    const needed = [...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = ""]) => name);
    const unknown = needed.filter((name) => !(name in packageOf));
    expect(unknown).toEqual([]);
    expect(new Set(needed.map((name) => packageOf[name]))).toEqual(
      new Set(Object.keys(dependencies)),
    );
    for (const [interfaces, newest] of Object.entries(newestInterface)) {
      const used = [...text.matchAll(new RegExp(`Name: ${interfaces}_([0-9.]+) `, "g"))];
      expect(
        used
          .map(([, version = ""]) => version)
          .toSorted(byNumbers)
          .at(-1),
      ).toBe(newest);
    }
    const field = await clone.run("dpkg-deb", "--field", deb(cpu), "Depends");
    for (const [name, range] of Object.entries(dependencies))
      expect(field).toContain(`${name} (${range})`);
  });
});

/** Debian's package of each library. */
const packageOf: Readonly<Record<string, string>> = {
  "ld-linux-x86-64.so.2": "libc6",
  "ld-linux-aarch64.so.1": "libc6",
  "libc.so.6": "libc6",
  "libdl.so.2": "libc6",
  "libm.so.6": "libc6",
  "libpthread.so.0": "libc6",
  "libstdc++.so.6": "libstdc++6",
  "libgcc_s.so.1": "libgcc-s1",
  "libatomic.so.1": "libatomic1",
};

/** What those versions of the libraries brought: glibc 2.28, GCC 5.1 and 7.1, GCC 4.2, GCC 4.8. */
const newestInterface = { GLIBC: "2.28", GLIBCXX: "3.4.21", CXXABI: "1.3.11", GCC: "4.2.0" };

const byNumbers = (one: string, other: string) => one.localeCompare(other, "en", { numeric: true });

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("on a Debian", () => {
  /** The same again as a later version; the clone that it is made from is no longer that of the tests above. */
  beforeAll(async () => {
    const edit = `s/"version": "${manifest.version}"/"version": "${NEXT}"/`;
    await otherClone.run("sed", "--in-place", edit, "package.json");
    await otherClone.run("npm", "run", "--silent", "package", "--", "--arch", ownCpu ?? "");
  }, MAKING_LIMIT_MS);

  describe.each(releases)("%s", (release) => {
    let machine: Container;
    /** As they are stored. */
    let credentials: unknown;

    const inside = (...command: string[]) => machine.run(...command);
    const install = (version = manifest.version) =>
      inside("dpkg", "--install", `/root/${version}.deb`);
    const exists = async (path: string) => (await machine.exec("test", "-e", path)).code === 0;
    const storedCredentials = async () => JSON.parse(await inside("cat", CREDENTIALS));
    const running = () => machine.property("ActiveState");

    beforeAll(async () => {
      if (ownCpu === null) throw new Error(`no package is made for ${process.arch}`);
      machine = await startContainer(`package-${release}-${process.pid}`, release);
      copyFileSync(deb(ownCpu), join(machine.root, `root/${manifest.version}.deb`));
      copyFileSync(
        join(otherClone.folder, "dist", debName(NEXT, ownCpu)),
        join(machine.root, `root/${NEXT}.deb`),
      );
    }, MAKING_LIMIT_MS);

    afterAll(() => machine?.[Symbol.asyncDispose](), 60_000);

    it("goes into an image (DPKG_ROOT) and touches nothing else, and out of it again", async () => {
      const image = "/root/image";
      await inside(
        "mkdir",
        "--parents",
        `${image}/etc`,
        `${image}/var/lib/dpkg/info`,
        `${image}/var/lib/dpkg/updates`,
      );
      await inside("touch", `${image}/var/lib/dpkg/status`);
      await inside("sh", "-c", `echo other:x:998: >${image}/etc/group`);
      const dpkg = ["dpkg", `--root=${image}`, "--force-script-chrootless", "--force-depends"];
      await inside(...dpkg, "--install", `/root/${manifest.version}.deb`);
      const gid = /^pipit:x:(\d+):/m.exec(await inside("cat", `${image}/etc/group`))?.[1];
      expect(await inside("stat", "--format=%a %u:%g", image + CONFIG)).toBe(`640 0:${gid}`);
      expect(await inside("cat", `${image}/etc/passwd`)).toMatch(/^pipit:/m);
      expect((await machine.exec("getent", "passwd", "pipit")).code).not.toBe(0);
      expect(await machine.property("LoadState")).toBe("not-found");
      // There is no systemd in it, whatever this system has.
      for (const path of [`${image}${DROP_IN}`, DROP_IN]) expect(await exists(path)).toBe(false);
      await inside(...dpkg, "--purge", "pipit");
      expect(await exists(`${image}/etc/pipit`)).toBe(false);
    });

    it("installs: a user of its own, the service disabled, the program there", async () => {
      await install();
      expect(await inside("getent", "passwd", "pipit")).toMatch(
        /:\/var\/lib\/pipit:\/usr\/sbin\/nologin$/,
      );
      expect(await machine.modeAndOwner(CONFIG)).toBe("640 root:pipit");
      expect(await machine.property("UnitFileState")).toBe("disabled");
      expect(await running()).toBe("inactive");
      expect(await inside("pipit", "--version")).toBe(manifest.version);
      expect(await inside("dpkg", "--verify", "pipit")).toBe("");
      expect(await exists(DROP_IN)).toBe(release !== "bookworm");
      // Its packages are those of a minimal Debian and what the package asks for.
      expect(await inside("dpkg", "--audit")).toBe("");
    });

    it("becomes a device once it is configured and enabled", async () => {
      await inside("cp", "/usr/bin/pipit", "/root/sandbox"); // a server that outlives the package
      const sandbox = ["/root/sandbox", "sandbox", "--server-only", "--port", "5683", "--no-http"];
      await inside("systemd-run", "--unit=sandbox", ...sandbox);
      writeFileSync(
        join(machine.root, CONFIG),
        `[server]\nurl = "coap://127.0.0.1"\n[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\n[telemetry]\ninterval = "1s"\n`,
      );
      await inside("systemctl", "enable", "--now", "pipit");
      expect(await running()).toBe("active");
      await expect
        .poll(() => machine.property("StatusText"), { timeout: 20_000 })
        .toMatch(/online/);
      credentials = await storedCredentials();
    });

    it("is upgraded: restarted once, with its credentials and its configuration", async () => {
      const pid = await machine.property("MainPID");
      await install(NEXT);
      expect(await inside("pipit", "--version")).toBe(NEXT);
      expect(await running()).toBe("active");
      expect(await machine.property("MainPID")).not.toBe(pid);
      expect(await machine.property("NRestarts")).toBe("0");
      expect(await inside("cat", CONFIG)).toContain("sandbox-secret");
      expect(await machine.modeAndOwner(CONFIG)).toBe("640 root:pipit");
      await expect
        .poll(() => machine.property("StatusText"), { timeout: 20_000 })
        .toMatch(/online/);
      expect(await storedCredentials()).toEqual(credentials);
    });

    it("looks again which lines systemd knows when that is upgraded", async () => {
      await inside("rm", "--force", DROP_IN);
      await inside("dpkg-trigger", "--by-package=systemd", "/usr/lib/systemd/systemd");
      await inside("dpkg", "--triggers-only", "pipit");
      expect(await exists(DROP_IN)).toBe(release !== "bookworm");
    });

    it("keeps what the operator has chosen: an upgrade starts nothing that is stopped", async () => {
      await inside("systemctl", "stop", "pipit");
      await install(NEXT);
      expect(await running()).toBe("inactive");
      expect(await machine.property("UnitFileState")).toBe("enabled");
      await inside("systemctl", "disable", "pipit");
      await install(NEXT);
      expect(await machine.property("UnitFileState")).toBe("disabled");
      await inside("dpkg-statoverride", "--update", "--add", "root", "root", "600", CONFIG);
      await install(NEXT);
      expect(await machine.modeAndOwner(CONFIG)).toBe("600 root:root");
      await inside("dpkg-statoverride", "--remove", CONFIG);
      await install(NEXT);
      expect(await machine.modeAndOwner(CONFIG)).toBe("600 root:pipit");
      await inside("chmod", "640", CONFIG);
      await inside("systemctl", "enable", "--now", "pipit");
    });

    it("is removed: stopped, the program gone, credentials and configuration kept", async () => {
      await inside("dpkg", "--remove", "pipit");
      expect(await inside("dpkg-query", "--status", "pipit")).toContain(
        "deinstall ok config-files",
      );
      expect(await machine.property("LoadState")).toBe("not-found");
      expect(await exists(DROP_IN)).toBe(false);
      expect((await machine.exec("pgrep", "--uid", "pipit")).code).toBe(1);
      expect(await exists("/usr/bin/pipit")).toBe(false);
      expect(await machine.modeAndOwner("/var/lib/pipit")).toBe("700 pipit:pipit");
      expect(await machine.modeAndOwner(CREDENTIALS)).toBe("600 pipit:pipit");
      expect(await inside("cat", CONFIG)).toContain("sandbox-secret");
    });

    it("is installed again: the same device", async () => {
      await install();
      expect(await machine.property("UnitFileState")).toBe("enabled");
      await inside("systemctl", "start", "pipit");
      await expect
        .poll(() => machine.property("StatusText"), { timeout: 20_000 })
        .toMatch(/online/);
      expect(await storedCredentials()).toEqual(credentials);
    });

    it("is purged: state, configuration and links gone, the user locked", async () => {
      await inside("mkdir", "--parents", "/etc/pipit/config.d");
      await inside("touch", "/etc/pipit/config.d/70-sensors.toml");
      expect(await exists(WANTED)).toBe(true);
      await inside("dpkg", "--purge", "pipit");
      for (const path of [
        "/var/lib/pipit",
        "/etc/pipit",
        "/usr/bin/pipit",
        "/usr/share/doc/pipit",
        "/run/pipit",
      ])
        expect(await exists(path), path).toBe(false);
      expect((await machine.exec("test", "-L", WANTED)).code).toBe(1);
      expect((await machine.exec("dpkg-query", "--status", "pipit")).code).toBe(1);
      expect(await inside("getent", "shadow", "pipit")).toMatch(/^pipit:!/);
    });

    it("starts anew after that: disabled, and with the configuration as it comes", async () => {
      await install();
      expect(await machine.property("UnitFileState")).toBe("disabled");
      expect(await machine.modeAndOwner(CONFIG)).toBe("640 root:pipit");
      expect(await inside("dpkg", "--verify", "pipit")).toBe("");
      await inside("dpkg", "--purge", "pipit");
    });

    describe("by install.sh", () => {
      const SOURCE = "/opt/pipit-source";
      const RELEASE = "/opt/release";
      const NAME = ownCpu === null ? "" : debName(manifest.version, ownCpu);
      const script = (...args: string[]) => machine.exec(`${SOURCE}/install.sh`, ...args);

      beforeAll(() => {
        const given = [`dist/pipit-linux-${ownCpu}`, "dist/third-party-licences.txt", "install.sh"];
        for (const name of [...given, "LICENSE", "config", "systemd"])
          cpSync(join(clone.folder, name), join(machine.root, SOURCE, name), { recursive: true });
        for (const name of [NAME, "SHA256SUMS"])
          cpSync(join(clone.folder, "dist", name), join(machine.root, RELEASE, name));
      });

      it("takes over from an installation without a package, and leaves its configuration alone", async () => {
        await inside(`${SOURCE}/install.sh`);
        writeFileSync(join(machine.root, CONFIG), "# edited by the operator\n");
        const stdout = await inside(`${SOURCE}/install.sh`, "--from", RELEASE);
        expect(stdout).toContain(`${NAME} is what SHA256SUMS says`);
        expect(stdout).toContain("sudo pipit setup --server coaps://HOST");
        expect(await inside("dpkg-query", "--status", "pipit")).toContain("install ok installed");
        expect(await inside("cat", CONFIG)).toBe("# edited by the operator");
        expect(await machine.modeAndOwner(CONFIG)).toBe("640 root:pipit");
        const listed = await inside("dpkg", "--listfiles", "pipit");
        for (const path of (await inside("find", "/usr/share/doc/pipit", "-type", "f")).split("\n"))
          expect(listed.split("\n")).toContain(path);
      });

      it("has nothing to do the second time", async () => {
        const stdout = await inside(`${SOURCE}/install.sh`, `${RELEASE}/${NAME}`);
        expect(stdout).toContain(`pipit ${manifest.version} is installed already`);
        expect(stdout).not.toContain("apt-get");
      });

      it("does not put loose files over those of the package", async () => {
        const { code, stderr } = await script();
        expect([code, stderr]).toEqual([1, expect.stringMatching(/installed as a Debian package/)]);
      });

      it("goes back to an older version when the operator names it", async () => {
        await install(NEXT);
        await inside(`${SOURCE}/install.sh`, `${RELEASE}/${NAME}`);
        expect(await inside("pipit", "--version")).toBe(manifest.version);
      });

      it("fails as loudly as apt does", async () => {
        await inside("dpkg", "--purge", "pipit");
        await inside("mv", "/usr/sbin/ldconfig", "/usr/sbin/ldconfig.away"); // dpkg does not work without
        const { code, stderr } = await script(`${RELEASE}/${NAME}`);
        await inside("mv", "/usr/sbin/ldconfig.away", "/usr/sbin/ldconfig");
        expect(code).not.toBe(0);
        expect(stderr).toContain("FAILED while installing the package");
        expect(stderr).toMatch(/done in part:\n.*apt-get install/);
      });

      it("removes the package, keeps configuration and state, and says so", async () => {
        await inside(`${SOURCE}/install.sh`, `${RELEASE}/${NAME}`);
        await inside("install", "-d", "/var/lib/pipit");
        const stdout = await inside(`${SOURCE}/install.sh`, "--uninstall");
        expect(stdout).toContain("sudo apt-get purge pipit");
        expect(await exists("/usr/bin/pipit")).toBe(false);
        expect(await exists(CONFIG)).toBe(true);
        expect(await exists("/var/lib/pipit")).toBe(true);
      });
    });

    it("README's own lines install it, and end with the screen that README shows", async () => {
      const SOURCE = "/opt/readme";
      const section = readFileSync(join(clone.folder, "README.md"), "utf8")
        .split("\n## ")
        .find((text) => text.startsWith("Install it as a service\n"));
      const [commands = "", screen = ""] = [
        ...(section ?? "").matchAll(/^```(?:sh)?\n(.*?)^```$/gms),
      ].map(([, text = ""]) => text);
      const [making, ...others] = commands.trimEnd().split("\n");
      expect(making).toMatch(/^npm run package +#/); // as above, on the maker's machine

      await machine.exec("dpkg", "--purge", "pipit");
      await inside("rm", "-rf", "/etc/pipit", "/var/lib/pipit");
      for (const name of ["install.sh", "dist"])
        cpSync(join(clone.folder, name), join(machine.root, SOURCE, name), { recursive: true });
      // What the reader has: that server by that name, whose authority this system believes, KEY, and FILE.
      await inside("sh", "-c", "echo 127.0.0.1 tb.example.com >>/etc/hosts");
      const caFile = join(machine.root, "usr/local/share/ca-certificates/own.crt");
      const profiles = [{ ...defaultProfile, key: "KEY" }];
      const sandbox = { port: 5684, secure: { names: ["tb.example.com"] }, profiles };
      const through = machine.beside;
      await startStandIn({ sandbox, caFile, device: "other", token: "otherToken", through });
      await inside("update-ca-certificates");
      writeFileSync(join(machine.root, SOURCE, "FILE"), `${defaultProfile.secret}\n`);

      const sudo = 'sudo() { "$@"; }';
      const said = await inside("sh", "-ec", [`cd ${SOURCE}`, sudo, ...others].join("\n"));
      const labels = [...screen.matchAll(/^ {2}(\w+) /gm)].map(([, label]) => label);
      expect(labels).toContain("first");
      expect(said).toMatch(new RegExp(labels.map((label) => `^ {2}${label} .*\\n`).join(""), "m"));
      expect(said).toMatch(/^ {2}first {5}\d+ values sent and acknowledged$/m);
      expect(await running()).toBe("active");
    });
  });
});
