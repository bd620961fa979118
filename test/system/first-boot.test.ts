import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ownCpu } from "../../build/cpus.ts";
import { makePackage } from "../../build/debian/package.ts";
import manifest from "../../package.json" with { type: "json" };
import { type Container, startContainer } from "./container.ts";

/** A board with Pipit installed, a file on its boot partition, and nobody who types. Here that partition is a plain folder. */

const repository = join(import.meta.dirname, "../..");
const BOOT = "boot/firmware";
const SECRET = "sandbox-secret";
const POLL = { timeout: 40_000, interval: 250 };

let machine: Container;
let work: string;

const inside = (...command: string[]) => machine.run(...command);
const onCard = (name: string) => join(machine.root, BOOT, name);
const cardHolds = (name: string) => {
  try {
    return readFileSync(onCard(name), "utf8");
  } catch {
    return "";
  }
};
const putOnCard = (text: string) => writeFileSync(onCard("pipit.toml"), text);
const bootFile = (secret: string) => `[server]
url = "coap://127.0.0.1"
[provisioning]
key = "sandbox-key"
secret = "${secret}"   # of the fleet
device_name = "first-boot"
[telemetry]
interval = "1s"
`;

/** What a start of the machine does to Pipit: all that is enabled is started, in its order, after everything had ended. */
async function boot() {
  await inside("systemctl", "stop", "pipit.service", "pipit-boot-report.path");
  await inside("systemctl", "start", "sandbox.service");
  // Its exit code is that of the target: a unit that fails is seen by what it has left.
  await inside("systemctl", "start", "multi-user.target");
}

beforeAll(async () => {
  if (ownCpu === null) throw new Error(`no package is made for ${process.arch}`);
  work = mkdtempSync(join(tmpdir(), "pipit-first-boot-"));
  machine = await startContainer(`first-boot-${process.pid}`);
  makePackage({
    root: repository,
    output: join(machine.root, "root"),
    work,
    executable: { cpu: ownCpu, path: join(repository, `dist/pipit-linux-${ownCpu}`) },
    licences: readFileSync(join(repository, "dist/third-party-licences.txt"), "utf8"),
    release: {
      version: manifest.version,
      maintainer: manifest.author,
      epochSeconds: 1_795_000_000,
    },
  });
  await inside("sh", "-c", "dpkg --install /root/pipit_*.deb && cp /usr/bin/pipit /root/sandbox");
  writeFileSync(
    join(machine.root, "etc/systemd/system/sandbox.service"),
    "[Service]\nExecStart=/root/sandbox sandbox --server-only --port 5683 --no-http\n[Install]\nWantedBy=multi-user.target\n",
  );
  await inside("systemctl", "enable", "sandbox");
  mkdirSync(join(machine.root, BOOT), { recursive: true });
}, 300_000);

afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  if (work !== undefined) rmSync(work, { recursive: true, force: true });
}, 60_000);

it("the units are understood by this systemd, and lie nobody open", async () => {
  for (const unit of [
    "pipit-boot.service",
    "pipit-boot-report.service",
    "pipit-boot-report.path",
  ]) {
    const { code, stdout, stderr } = await machine.exec("systemd-analyze", "verify", unit);
    expect(`${unit}: ${stdout}${stderr}exit ${code}`).toBe(`${unit}: exit 0`);
  }
  for (const unit of ["pipit-boot.service", "pipit-boot-report.service"])
    await inside("systemd-analyze", "security", "--offline=yes", "--threshold=30", unit);
});

it("without a file nothing happens, at no start", async () => {
  await boot();
  expect(await machine.property("UnitFileState")).toBe("disabled");
  expect(await machine.property("ActiveState")).toBe("inactive");
  expect(cardHolds("pipit-status.txt")).toBe("");
});

it("a file that does not parse is said so where it lies, with line and fix", async () => {
  putOnCard('[server]\nurl = "coap://127.0.0.1"\n[telemetry]\ninterval = 30s\n');
  await boot();
  await expect.poll(() => cardHolds("pipit-status.txt"), POLL).toMatch(/^pipit .* UTC/);
  expect(cardHolds("pipit-status.txt")).toMatch(
    /NOT READ[\s\S]*\/boot\/firmware\/pipit\.toml:4: .*\r\n[\s\S]*switch the board on/,
  );
  expect(await machine.property("ActiveState")).toBe("inactive");
});

it("a wrong secret is told, with what mends it, and stays until it has worked", async () => {
  putOnCard(bootFile("mistyped-secret"));
  await boot();
  await expect.poll(() => cardHolds("pipit-status.txt"), POLL).toMatch(/REFUSED .*P022/);
  expect(cardHolds("pipit-status.txt")).toMatch(/Device provisioning/);
  expect(cardHolds("pipit-status.txt")).not.toContain("mistyped-secret");
  expect(cardHolds("pipit.toml")).toContain('secret = "mistyped-secret"');
});

it("corrected, it makes the board a device at the next start, and the secret is gone", async () => {
  putOnCard(bootFile(SECRET));
  await boot();
  await expect
    .poll(() => cardHolds("pipit-status.txt"), POLL)
    .toMatch(/OK {2}provisioned as first-boot/);
  expect(cardHolds("pipit-status.txt")).toMatch(/There is no secret in pipit.toml any more/);
  const scrubbed = bootFile(SECRET).replace(`"${SECRET}"`, '""'.padEnd(SECRET.length + 2));
  expect(cardHolds("pipit.toml")).toBe(scrubbed);
  expect(await inside("cat", "/var/lib/pipit/provision-secret")).toMatch(/has erased the secret/);
  expect(
    (await machine.exec("grep", "-r", SECRET, "/etc/pipit", "/var/lib/pipit", "/boot")).code,
  ).toBe(1);
  expect(await machine.modeAndOwner("/etc/pipit/config.d/60-boot.toml")).toBe("640 root:pipit");
  expect(await machine.modeAndOwner("/var/lib/pipit")).toBe("700 pipit:pipit");
  expect(await machine.property("UnitFileState")).toBe("enabled");
});

it("the next start goes on as the same device, without a secret, and writes nothing", async () => {
  const before = cardHolds("pipit.toml");
  await boot();
  await expect.poll(() => machine.property("StatusText"), POLL).toMatch(/online/);
  expect(cardHolds("pipit.toml")).toBe(before);
  const log = await inside("journalctl", "--no-pager", "--output=cat", "--unit=pipit-boot");
  expect(log).toContain("has not changed");
});
