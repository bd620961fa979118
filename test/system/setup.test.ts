import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Container,
  copySources,
  releases,
  type Sandbox,
  SOURCE,
  startContainer,
} from "./container.ts";

/** `pipit setup` on Debians with a real systemd: from an installed service to the first value on the server. */

const DROP_IN = "/etc/pipit/config.d/50-setup.toml";
const SECRET = "sandbox-secret";

describe.each(releases)("on %s", (release) => {
  let machine: Container;
  let sandbox: Sandbox;

  beforeAll(async () => {
    machine = await startContainer(`setup-${release}-${process.pid}`, release);
    copySources(machine);
    await machine.run(`${SOURCE}/install.sh`);
    sandbox = await machine.startSandbox();
    writeFileSync(join(machine.root, "/root/secret"), `${SECRET}\n`, { mode: 0o600 });
  }, 300_000);

  afterAll(async () => {
    await sandbox?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
  }, 60_000);

  const setup = (...options: string[]) => machine.exec("/usr/bin/pipit", "setup", ...options);
  const server = ["--server", "coap://127.0.0.1", "--key", "sandbox-key"];
  const complete = [...server, "--secret-file", "/root/secret"];

  it("changes nothing in a dry run, and tells each privileged act", async () => {
    const { code, stderr } = await setup("--dry-run", ...complete);
    expect(code).toBe(0);
    for (const act of [
      `write ${DROP_IN}`,
      "make /var/lib/pipit",
      "store-secret",
      "systemctl enable",
    ])
      expect(stderr).toContain(act);
    expect(stderr).not.toContain(SECRET);
    const away = await setup("--dry-run", "--server", "coap://tb.example.com", "--key", "k");
    expect(away.stdout).toMatch(/^ {2}warning {3}coap:\/\/ is clear text: the access token/m);
    expect((await machine.exec("ls", DROP_IN, "/var/lib/pipit/provision-secret")).code).not.toBe(0);
    expect(await machine.property("UnitFileState")).toBe("disabled");
  });

  it("has the server's refusal in words, with the screen to open, and starts nothing", async () => {
    writeFileSync(join(machine.root, "/root/wrong"), "not-the-secret\n", { mode: 0o600 });
    const { code, stdout, stderr } = await setup(...server, "--secret-file", "/root/wrong");
    expect(code).toBe(1);
    expect(stdout).toMatch(/device {4}not provisioned/);
    expect(stderr).toMatch(/P022[\s\S]*Device profiles > the profile > Device provisioning/);
    expect(stderr).not.toContain("not-the-secret");
    expect(await machine.property("ActiveState")).toBe("inactive");
  });

  it("configures, provisions, starts the service and waits for the first value, with a fact a line", async () => {
    const { code, stdout, stderr } = await setup(...complete);
    expect(`${code} ${code === 0 ? "" : stdout + stderr}`).toBe("0 ");
    expect(stdout).toMatch(/^ {2}board {5}.*Debian GNU\/Linux/m);
    expect(stdout).toMatch(/^ {2}server {4}coap:\/\/127\.0\.0\.1 {3}answers in \d+ ms$/m);
    expect(stdout).toMatch(/^ {2}device {4}provisioned as ".+" \(new\)$/m);
    expect(stdout).toMatch(/^ {2}first {5}\d+ values sent and acknowledged$/m);
    expect(stdout).toMatch(/^ {2}service {3}running, starts on boot$/m);
    expect(stdout + stderr).not.toContain(SECRET);
    expect(await machine.property("ActiveState")).toBe("active");
    expect(await machine.property("UnitFileState")).toBe("enabled");
    expect(await machine.modeAndOwner(DROP_IN)).toBe("640 root:pipit");
    expect(readFileSync(join(machine.root, DROP_IN), "utf8")).not.toContain(SECRET);
    expect(await machine.modeAndOwner("/var/lib/pipit")).toBe("700 pipit:pipit");
    expect(await machine.modeAndOwner("/var/lib/pipit/credentials.json")).toBe("600 pipit:pipit");
    // It has done its work: the agent erases what is its own.
    await expect
      .poll(() => machine.run("cat", "/var/lib/pipit/provision-secret"), { timeout: 10_000 })
      .not.toContain(SECRET);
  });

  it("goes on as the same device after a reboot: no second provisioning", async () => {
    const before = await machine.run("cat", "/var/lib/pipit/credentials.json");
    const heard = sandbox.said().length;
    await machine.reboot();
    await expect.poll(() => machine.property("StatusText"), { timeout: 20_000 }).toMatch(/online/);
    expect(await machine.run("cat", "/var/lib/pipit/credentials.json")).toBe(before);
    expect(sandbox.said().slice(heard)).toMatch(/POST telemetry .* 2\.01/);
    expect(sandbox.said().slice(heard)).not.toContain("POST provision");
  });

  it("one wrong value is told with its line and its default, and the service runs on, degraded", async () => {
    const file = "/etc/pipit/config.d/90-operator.toml";
    writeFileSync(join(machine.root, file), '[telemetry]\ninterval = "often"\n');
    await machine.run("systemctl", "restart", "pipit");
    expect(await machine.property("ActiveState")).toBe("active");
    await expect.poll(() => machine.property("StatusText"), { timeout: 20_000 }).toMatch(/online/);
    const status = await machine.exec("/usr/bin/pipit", "status");
    expect(status.stdout).toMatch(/config.*90-operator\.toml:2/);
    const log = await machine.run("journalctl", "--boot", "--unit=pipit", "--output=cat");
    expect(log).toMatch(/90-operator\.toml:2.*interval/);
    await machine.run("rm", file);
    await machine.run("systemctl", "restart", "pipit");
  });

  it("can be run again, without a secret, and keeps the device", async () => {
    const { code, stdout } = await setup("--server", "coap://127.0.0.1");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}device {4}already provisioned as ".+"$/m);
    expect(readFileSync(join(machine.root, DROP_IN), "utf8")).toContain("sandbox-key");
    expect(sandbox.said().match(/POST provision .* 2\.01/g)).toHaveLength(1);
  });

  it("leaves a running service running when the server is not there", async () => {
    const { code, stderr } = await setup("--server", "coap://127.0.0.1:9");
    expect(code).not.toBe(0);
    expect(stderr).toContain("Then run this command again");
    expect(await machine.property("ActiveState")).toBe("active");
    expect((await setup("--server", "coap://127.0.0.1")).code).toBe(0);
  });

  it("is for the service of this machine alone", async () => {
    for (const place of ["--state", "--config", "--sysroot"]) {
      const { code, stderr } = await setup(...complete, place, "/tmp/elsewhere");
      expect(code).toBe(64);
      expect(stderr).toContain(`leave ${place} out`);
    }
  });

  it("wants to be root", async () => {
    const { code, stderr } = await machine.exec(
      "setpriv",
      "--reuid=65534",
      "/usr/bin/pipit",
      "setup",
      ...complete,
    );
    expect(code).toBe(77);
    expect(stderr).toMatch(/P083[\s\S]*sudo pipit setup/);
  });
});
