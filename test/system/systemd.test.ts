import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitingIn } from "../support/waiting.ts";
import { type Container, copySources, releases, SOURCE, startContainer } from "./container.ts";

const CONFIG = "/etc/pipit/pipit.toml";

describe.each(releases)("on %s", (release) => {
  let machine: Container;
  /** The first run that works, by systemd's name for it. */
  let invocation: string;

  beforeAll(async () => {
    machine = await startContainer(`systemd-${release}-${process.pid}`, release);
    copySources(machine);
  }, 300_000);

  afterAll(() => machine?.[Symbol.asyncDispose](), 60_000);

  const inside = (...command: string[]) => machine.run(...command);

  const property = (name: string) => machine.property(name);

  const journal = (...filter: string[]) =>
    inside("journalctl", "--no-pager", "--output=cat", ...filter);

  const modeAndOwner = (path: string) => machine.modeAndOwner(path);

  const install = (...options: string[]) => machine.exec(`${SOURCE}/install.sh`, ...options);

  describe("install.sh", () => {
    it("changes nothing in a dry run", async () => {
      const { code, stdout } = await install("--dry-run");
      expect(code).toBe(0);
      expect(stdout).toContain("/usr/bin/pipit");
      expect((await machine.exec("ls", "/usr/bin/pipit", "/etc/pipit")).code).not.toBe(0);
    });

    it("installs the program, the service and the configuration, and says what comes next", async () => {
      const stdout = await inside(`${SOURCE}/install.sh`);
      expect(stdout).toContain("sudo pipit setup --server coaps://HOST");
      expect(await modeAndOwner("/usr/bin/pipit")).toBe("755 root:root");
      expect(await modeAndOwner(CONFIG)).toBe("640 root:pipit");
      expect(await property("LoadState")).toBe("loaded");
      expect(await property("UnitFileState")).toBe("disabled");
      expect(await property("ActiveState")).toBe("inactive");
    });

    it("leaves an edited configuration and equal files alone when it is run again", async () => {
      writeFileSync(join(machine.root, CONFIG), "# edited by the operator\n");
      const { code, stdout } = await install();
      expect(code).toBe(0);
      expect(stdout).toContain("/usr/bin/pipit is up to date");
      expect(await inside("cat", CONFIG)).toBe("# edited by the operator");
    });

    it("tells how far it came when a step fails", async () => {
      const { code, stderr } = await machine.exec(
        "env",
        "DESTDIR=/proc/nowhere",
        `${SOURCE}/install.sh`,
      );
      expect(code).not.toBe(0);
      expect(stderr).toContain("FAILED while installing the program");
    });
  });

  describe("the unit", () => {
    it("is understood by this systemd, line by line", async () => {
      const { code, stdout, stderr } = await machine.exec(
        "systemd-analyze",
        "verify",
        "/usr/lib/systemd/system/pipit.service",
      );
      expect(`${stdout}${stderr}exit ${code}`).toBe("exit 0");
    });

    it("scores at most 1.5 in systemd's own rating of exposure", async () => {
      const rating = ["security", "--offline=yes", "--threshold=15", "pipit.service"];
      expect(await inside("systemd-analyze", ...rating)).toContain("Overall exposure level");
    });
  });

  describe("pipit.service", () => {
    it("ends with 78 and stays down when there is no server URL", async () => {
      const { code } = await machine.exec("systemctl", "start", "pipit.service");
      expect(code).not.toBe(0);
      expect(await property("ExecMainStatus")).toBe("78");
      expect(await property("ActiveState")).toBe("failed");
      expect(await property("NRestarts")).toBe("0");
      expect(await journal("--unit=pipit.service")).toMatch(/url/);
    });

    it("is ready within seconds of its start, as user pipit, and not as root", async () => {
      await inside(
        ...["systemd-run", "--unit=sandbox", "/usr/bin/pipit", "sandbox", "--server-only"],
        ...["--port", "5683", "--no-http"],
      );
      writeFileSync(
        join(machine.root, CONFIG),
        `[server]\nurl = "coap://127.0.0.1"\n[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\n[telemetry]\ninterval = "1s"\n`,
      );
      const startedMs = performance.now();
      await inside("systemctl", "start", "pipit.service"); // returns on READY=1
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      expect(await property("ActiveState")).toBe("active");
      invocation = await property("InvocationID");
      const pid = await property("MainPID");
      expect(await inside("ps", "--no-headers", "-o", "user:20,args", "-p", pid)).toMatch(
        /^pipit\s+\/usr\/bin\/pipit run$/,
      );
      expect(await inside("grep", "CapEff", `/proc/${pid}/status`)).toMatch(/\t0{16}$/);
    });

    it("provisions itself and delivers telemetry", async () => {
      await expect
        .poll(() => journal("--unit=sandbox.service"), { timeout: 20_000, interval: 250 })
        .toMatch(/POST telemetry .* 2\.01/);
      await expect.poll(() => property("StatusText"), { timeout: 10_000 }).toMatch(/online/);
    });

    it("keeps its credentials for itself", async () => {
      expect(await modeAndOwner("/var/lib/pipit")).toBe("700 pipit:pipit");
      expect(await modeAndOwner("/var/lib/pipit/credentials.json")).toBe("600 pipit:pipit");
    });

    it("takes a new configuration on reload without a new process", async () => {
      const pid = await property("MainPID");
      const before = (await journal("--unit=pipit.service")).split("started").length;
      await inside("sed", "--in-place", `s/interval = "1s"/interval = "2s"/`, CONFIG);
      await inside("systemctl", "reload", "pipit.service");
      await expect
        .poll(async () => (await journal("--unit=pipit.service")).split("started").length, {
          timeout: 10_000,
        })
        .toBe(before + 1);
      expect(await property("ActiveState")).toBe("active");
      expect(await property("MainPID")).toBe(pid);
    });

    it("stops within two seconds and in order", async () => {
      const startedMs = performance.now();
      await inside("systemctl", "stop", "pipit.service");
      expect(performance.now() - startedMs).toBeLessThan(2_000);
      expect(await property("Result")).toBe("success");
      expect(await property("ExecMainStatus")).toBe("0");
    });

    it("has written no error, no stack and no warning of Node's into the journal in that run", async () => {
      const run = `_SYSTEMD_INVOCATION_ID=${invocation}`;
      expect(await journal(run)).toContain("stopped");
      expect(await journal(run)).not.toMatch(/Warning:|^\s+at /m);
      expect(await journal(run, "--priority=err")).toBe("");
    });

    it("comes back after a crash, with the same credentials", async () => {
      await inside("systemctl", "start", "pipit.service");
      const before = await inside("cat", "/var/lib/pipit/credentials.json");
      await inside("systemctl", "kill", "--signal=KILL", "pipit.service");
      await expect
        .poll(async () => [await property("NRestarts"), await property("ActiveState")], {
          timeout: 15_000,
        })
        .toEqual(["1", "active"]);
      expect(await inside("cat", "/var/lib/pipit/credentials.json")).toBe(before);
    });

    it("is restarted by systemd's watchdog when it hangs, and not while it works; nothing accepted is lost", async () => {
      await inside("mkdir", "--parents", "/run/systemd/system/pipit.service.d");
      await inside(
        "sh",
        "-c",
        "printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/pipit.service.d/watchdog.conf",
      );
      await inside("systemctl", "daemon-reload");
      await inside("systemctl", "restart", "pipit.service");
      const alive = await property("MainPID");
      const pings = () => property("WatchdogTimestampMonotonic");
      const first = await pings();
      await expect.poll(pings, { timeout: 10_000 }).not.toBe(first);
      expect(await property("MainPID")).toBe(alive);
      await inside("systemctl", "stop", "sandbox.service"); // what is accepted from here on waits on the disk
      for (const n of [1, 2, 3]) await inside("/usr/bin/pipit", "publish", `accepted=${n}`);
      await inside("systemctl", "kill", "--signal=STOP", "pipit.service");
      await expect
        .poll(() => journal("--unit=pipit.service"), { timeout: 20_000, interval: 500 })
        .toMatch(/Watchdog timeout/);
      await expect
        .poll(async () => [await property("NRestarts"), await property("ActiveState")], {
          timeout: 20_000,
          interval: 500,
        })
        .toEqual(["1", "active"]);
      expect(await property("MainPID")).not.toBe(alive);
      await inside("systemctl", "stop", "pipit.service");
      const { entries, said } = await waitingIn(join(machine.root, "var/lib/pipit"));
      expect(said).toEqual([]);
      const found = entries.flatMap(({ readings }) => readings["accepted"] ?? []);
      expect(found).toEqual([1, 2, 3]);
    });
  });

  describe("what came with systemd 254", () => {
    const DROP_IN = "/usr/lib/systemd/system/pipit.service.d/systemd-254.conf";

    it("is used where systemd has it, and there alone", async () => {
      const isThere = (await machine.exec("test", "-e", DROP_IN)).code === 0;
      expect(isThere).toBe(release !== "bookworm");
      if (!isThere) return;
      expect(await property("RestartSteps")).toBe("8");
      expect(await property("RestartMaxDelayUSec")).toBe("1min");
    });

    // By LoadCredential= in a drop-in of the operator's elsewhere.
    if (release !== "bookworm")
      it("brings the provisioning secret from the system's own store", async () => {
        await inside("rm", "--recursive", "/var/lib/pipit", "/run/systemd/system/pipit.service.d");
        await inside("install", "-d", "-m", "700", "/etc/credstore");
        for (const [name, value] of [
          ["key", "sandbox-key"],
          ["secret", "sandbox-secret"],
        ])
          writeFileSync(join(machine.root, `etc/credstore/pipit.provision-${name}`), value ?? "", {
            mode: 0o600,
          });
        writeFileSync(join(machine.root, CONFIG), '[server]\nurl = "coap://127.0.0.1"\n');
        const sandbox = ["/usr/bin/pipit", "sandbox", "--server-only", "--port", "5683"];
        await inside("systemd-run", "--unit=another-sandbox", ...sandbox, "--no-http");
        await inside("systemctl", "daemon-reload");
        await inside("systemctl", "start", "pipit.service");
        await expect.poll(() => property("StatusText"), { timeout: 20_000 }).toMatch(/online/);
      });
  });

  describe("install.sh --uninstall", () => {
    it("removes program and service, keeps configuration and state, and says so", async () => {
      const stdout = await inside(`${SOURCE}/install.sh`, "--uninstall");
      expect(stdout).toContain("/var/lib/pipit");
      expect(await property("LoadState")).toBe("not-found");
      const leftovers = ["/usr/bin/pipit", "/usr/lib/systemd/system/pipit.service.d"];
      for (const path of leftovers)
        expect((await machine.exec("test", "-e", path)).code, path).not.toBe(0);
      expect(await modeAndOwner(CONFIG)).toBe("640 root:pipit");
      expect(await modeAndOwner("/var/lib/pipit/credentials.json")).toBe("600 pipit:pipit");
    });

    it("has nothing to do the second time", async () => {
      expect((await install("--uninstall")).code).toBe(0);
    });
  });
});
