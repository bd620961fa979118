import { writeFileSync } from "node:fs";
import { type SandboxOptions, startSandbox } from "../../agent/sandbox/sandbox.ts";

/**
 * The stand-in server as a process of its own, to be killed: `node stand-in-program.ts OPTIONS CA_FILE DEVICE TOKEN`. It knows
 * one device already, writes its authority to the file, and then a line of JSON for each delivery: all values of the key "n".
 */
const [options = "{}", caFile = "", device = "", token = ""] = process.argv.slice(2);
const given: SandboxOptions = JSON.parse(options);
const sandbox = await startSandbox({
  httpPort: null,
  ...given,
  onEvent({ path, code }) {
    if (path !== "telemetry" || code !== "2.01") return;
    const recent = sandbox.state().devices[device]?.telemetry.keys["n"]?.recent ?? [];
    process.stdout.write(`${JSON.stringify(recent.map(({ value }) => value))}\n`);
  },
});
sandbox.preprovision(device, token);
writeFileSync(caFile, sandbox.authority ?? "");
process.stdout.write("ready\n");
