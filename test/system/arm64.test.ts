import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { type SandboxEvent, startSandbox } from "../../agent/sandbox/sandbox.ts";
import { cpus } from "../../build/cpus.ts";
import { machineOf } from "../../build/elf-machine.ts";
import manifest from "../../package.json" with { type: "json" };
import { demand } from "../support/demand.ts";
import { pipit } from "../support/pipit-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The executable for a Raspberry Pi, run by an emulator of its CPU: it works, how fast it is nobody learns here. */

const executable = join(import.meta.dirname, "../../dist/pipit-linux-arm64");
const LIBRARIES = "/usr/aarch64-linux-gnu";
/** The CPU of Pi 3 and Zero 2, the least of those that can run it. */
const emulator = ["qemu-aarch64-static", "-cpu", "cortex-a53", "-L", LIBRARIES];

beforeAll(() => {
  demand(["qemu-aarch64-static", "qemu-user-static"]);
  const libraries =
    "libatomic1-arm64-cross libc6-arm64-cross libgcc-s1-arm64-cross libstdc++6-arm64-cross";
  if (!existsSync(join(LIBRARIES, "lib/libatomic.so.1")))
    throw new Error(`the libraries of arm64 are not installed: apt-get install -y ${libraries}`);
});

const onArm64 = (...args: string[]) => pipit(args, { executable, through: emulator });

it("is a program of that CPU, and tells its version", async () => {
  expect(machineOf(readFileSync(executable))).toBe(cpus.arm64.machine);
  const { ended, stdout, stderr } = onArm64("--version");
  expect([await ended, stdout(), stderr()]).toEqual([0, `${manifest.version}\n`, ""]);
});

it.each([
  ["coap", {}],
  // DTLS comes from the OpenSSL inside of the executable, by node:ffi: machine code made for this CPU.
  ["coaps", { secure: { names: ["localhost"] } }],
])("provisions itself and delivers a report over %s", async (scheme, options) => {
  const folder = temporaryFolder();
  const delivered = Promise.withResolvers<void>();
  await using server = await startSandbox({
    httpPort: null,
    ...options,
    onEvent: (event) => {
      if (isDelivery(event)) delivered.resolve();
    },
  });
  const config = join(folder, "pipit.toml");
  const authority = join(folder, "ca.pem");
  writeFileSync(authority, server.authority ?? "");
  writeFileSync(
    config,
    `[server]\nurl = "${scheme}://localhost:${server.port}"\n${scheme === "coaps" ? `ca_file = "${authority}"\n` : ""}` +
      `[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\n`,
    { mode: 0o600 },
  );
  const agent = onArm64("run", "--config", config, "--state", join(folder, "state"));
  const early = agent.ended.then((end) => {
    throw new Error(`the agent has ended with ${end}: ${agent.stderr()}`);
  });
  await Promise.race([delivered.promise, early]);
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toBe(0);
  const [device] = Object.values(server.state().devices);
  expect(Object.keys(device?.telemetry ?? {})).not.toEqual([]);
  expect(agent.stderr()).not.toMatch(/Warning:|^\s+at /m);
});

const isDelivery = ({ method, path, code }: SandboxEvent) =>
  method === "POST" && path === "telemetry" && code === "2.01";
