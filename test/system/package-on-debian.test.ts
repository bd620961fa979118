import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultProfile } from "../../agent/sandbox/sandbox.ts";
import { type Cpu, ownCpu } from "../../build/cpus.ts";
import manifest from "../../package.json" with { type: "json" };
import { type CleanClone, cleanClone } from "../support/clean-clone.ts";
import { debName } from "../support/deb-name.ts";
import { startStandIn } from "../support/stand-in.ts";
import { type Container, releases, startContainer } from "./container.ts";

/** What becomes of a Debian where the package is installed, upgraded, removed and purged. */

const MAKING_LIMIT_MS = 900_000;
const NEXT = `${manifest.version}+next`;
const CONFIG = "/etc/pipit/pipit.toml";
const CREDENTIALS = "/var/lib/pipit/credentials.json";
const DROP_IN = "/usr/lib/systemd/system/pipit.service.d/systemd-254.conf";
const WANTED = "/etc/systemd/system/multi-user.target.wants/pipit.service";

let work: string;
let clone: CleanClone;
let cpu: Cpu;
/** What a maker has in `dist`, in a folder for each version. */
let made: string;

beforeAll(async () => {
  if (ownCpu === null) throw new Error(`no package is made for ${process.arch}`);
  cpu = ownCpu;
  work = await mkdtemp(join(tmpdir(), "pipit-package-"));
  made = join(work, "made");
  clone = await cleanClone({ folder: join(work, "one") });
  for (const version of [manifest.version, NEXT]) {
    const edit = `s/"version": "${manifest.version}"/"version": "${version}"/`;
    await clone.run("sed", "--in-place", edit, "package.json");
    await clone.run("npm", "run", "--silent", "package", "--", "--arch", cpu);
    cpSync(join(clone.folder, "dist"), join(made, version), { recursive: true });
  }
}, MAKING_LIMIT_MS);

afterAll(() => {
  if (work !== undefined) rmSync(work, { recursive: true });
});

describe("on a Debian", () => {
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
      machine = await startContainer(`package-${release}-${process.pid}`, release);
      for (const version of [manifest.version, NEXT])
        copyFileSync(
          join(made, version, debName(version, cpu)),
          join(machine.root, `root/${version}.deb`),
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
      const name = () => debName(manifest.version, cpu);
      const script = (...args: string[]) => machine.exec(`${SOURCE}/install.sh`, ...args);

      beforeAll(() => {
        for (const file of ["install.sh", "LICENSE", "config", "systemd"])
          cpSync(join(clone.folder, file), join(machine.root, SOURCE, file), { recursive: true });
        for (const file of [`pipit-linux-${cpu}`, "third-party-licences.txt"])
          cpSync(join(made, manifest.version, file), join(machine.root, SOURCE, "dist", file));
        for (const file of [name(), "SHA256SUMS"])
          cpSync(join(made, manifest.version, file), join(machine.root, RELEASE, file));
      });

      it("takes over from an installation without a package, and leaves its configuration alone", async () => {
        await inside(`${SOURCE}/install.sh`);
        writeFileSync(join(machine.root, CONFIG), "# edited by the operator\n");
        const stdout = await inside(`${SOURCE}/install.sh`, "--from", RELEASE);
        expect(stdout).toContain(`${name()} is what SHA256SUMS says`);
        expect(stdout).toContain("sudo pipit setup --server coaps://HOST");
        expect(await inside("dpkg-query", "--status", "pipit")).toContain("install ok installed");
        expect(await inside("cat", CONFIG)).toBe("# edited by the operator");
        expect(await machine.modeAndOwner(CONFIG)).toBe("640 root:pipit");
        const listed = await inside("dpkg", "--listfiles", "pipit");
        for (const path of (await inside("find", "/usr/share/doc/pipit", "-type", "f")).split("\n"))
          expect(listed.split("\n")).toContain(path);
      });

      it("has nothing to do the second time", async () => {
        const stdout = await inside(`${SOURCE}/install.sh`, `${RELEASE}/${name()}`);
        expect(stdout).toContain(`pipit ${manifest.version} is installed already`);
        expect(stdout).not.toContain("apt-get");
      });

      it("does not put loose files over those of the package", async () => {
        const { code, stderr } = await script();
        expect([code, stderr]).toEqual([1, expect.stringMatching(/installed as a Debian package/)]);
      });

      it("goes back to an older version when the operator names it", async () => {
        await install(NEXT);
        await inside(`${SOURCE}/install.sh`, `${RELEASE}/${name()}`);
        expect(await inside("pipit", "--version")).toBe(manifest.version);
      });

      it("fails as loudly as apt does", async () => {
        await inside("dpkg", "--purge", "pipit");
        await inside("mv", "/usr/sbin/ldconfig", "/usr/sbin/ldconfig.away"); // dpkg does not work without
        const { code, stderr } = await script(`${RELEASE}/${name()}`);
        await inside("mv", "/usr/sbin/ldconfig.away", "/usr/sbin/ldconfig");
        expect(code).not.toBe(0);
        expect(stderr).toContain("FAILED while installing the package");
        expect(stderr).toMatch(/done in part:\n.*apt-get install/);
      });

      it("removes the package, keeps configuration and state, and says so", async () => {
        await inside(`${SOURCE}/install.sh`, `${RELEASE}/${name()}`);
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
      cpSync(join(clone.folder, "install.sh"), join(machine.root, SOURCE, "install.sh"));
      cpSync(join(made, manifest.version), join(machine.root, SOURCE, "dist"), { recursive: true });
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
