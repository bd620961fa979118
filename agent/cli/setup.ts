import { join } from "node:path";
import { standingWarnings } from "../config/standing-warnings.ts";
import { AgentError } from "../errors.ts";
import { prompt } from "../platform/prompt.ts";
import { type Command, type OptionValues, type Shell, UsageError } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { firstAcknowledged } from "./first-acknowledged.ts";
import { handSecretOver } from "./hand-secret-over.ts";
import { type Ended, type PrivilegedActs, privilegedActs } from "./privileged-acts.ts";
import { readConfig } from "./read-config.ts";
import { type Answers, answersFrom } from "./setup-answers.ts";
import { line, machineFacts, nextSteps, provisioningFacts } from "./setup-screen.ts";
import { setupToml } from "./setup-toml.ts";
import { stateDirOf, sysrootOf } from "./state-dir.ts";

const FILE = "config.d/50-setup.toml";
const UNIT = "pipit.service";

export const setup: Command = {
  name: "setup",
  summary:
    "configure, become a device, start the service, and wait for the first value on the server",
  options: {
    server: { type: "string", value: "URL", help: "coaps://HOST[:PORT], or coap:// (clear text)" },
    "ca-file": {
      type: "string",
      value: "FILE",
      help: "the authority of a coaps server, where it is a private one",
    },
    key: { type: "string", value: "KEY", help: "provision device key of the device profile" },
    "secret-file": {
      type: "string",
      value: "FILE",
      help: "file that holds the provisioning secret",
    },
    "secret-stdin": { type: "boolean", help: "take the secret from standard input" },
    secret: {
      type: "string",
      value: "SECRET",
      help: "the secret itself: others can see it in ps, and the shell keeps it",
    },
    "dry-run": { type: "boolean", help: "print each privileged act, change nothing" },
  },
  async run({ shell, options }) {
    const dryRun = options["dry-run"] === true;
    refuseOtherPlaces(options);
    if (!dryRun) demandRoot();
    if (typeof options["secret"] === "string") {
      shell.secrets.protect(options["secret"]);
      shell.err(
        "--secret can be seen by others on this machine, in ps and in the shell's history; next time use --secret-file",
      );
    }
    const acts = privilegedActs({ dryRun, tell: (act) => shell.err(`  + ${act}`) });
    const read = await readConfig(shell, options);
    const ask = process.stdin.isTTY === true && shell.terminal && !dryRun ? prompt : null;
    const answers = await answersFrom(options, read, ask);
    for (const secret of [answers.secret, answers.key]) if (secret) shell.secrets.protect(secret);

    for (const fact of await machineFacts(sysrootOf(options))) shell.out(fact);
    const { config } = read;
    const asked = { ...config, server: { ...config.server, url: answers.url } };
    for (const warning of standingWarnings(asked)) shell.out(line("warning", warning));
    const stateDir = stateDirOf(shell, options);
    acts.writeConfig(join(read.folder, FILE), setupToml(answers));
    acts.makeStateFolder(stateDir);
    if (answers.secret !== null) handSecretOver(acts, stateDir, answers.secret);
    try {
      return await becomeAndStart(shell, acts, answers, { dryRun, stateDir });
    } catch (error) {
      throw shell.signal.aborted ? stopped(error) : error;
    }
  },
};

async function becomeAndStart(
  shell: Shell,
  acts: PrivilegedActs,
  answers: Answers,
  { dryRun, stateDir }: { readonly dryRun: boolean; readonly stateDir: string },
): Promise<number> {
  // A terminal that goes away must not leave the service down.
  using _hangup = shell.onHangup(() => undefined);
  let isDown = !dryRun && acts.isWanted();
  try {
    // The service holds the state folder, and would provision by itself meanwhile.
    acts.systemctl("stop", UNIT);
    const provisioned = acts.pipit(["provision", "--json", "--state", stateDir]);
    if (provisioned.code !== 0) return refused(shell, provisioned);
    if (!dryRun)
      for (const fact of provisioningFacts(answers.url, provisioned.stdout)) shell.out(fact);
    acts.systemctl("enable", UNIT);
    acts.systemctl("restart", UNIT);
    isDown = false;
  } finally {
    // What ran before goes on measuring, and tries by itself.
    if (isDown) acts.systemctl("start", UNIT);
  }
  if (dryRun) return EXIT.ok;
  const status = await firstAcknowledged(shell.signal);
  shell.out(line("first", `${status.readings.values} values sent and acknowledged`));
  shell.out(line("service", "running, starts on boot"));
  shell.out("");
  for (const words of nextSteps(answers.url)) shell.out(words);
  return EXIT.ok;
}

/** In the words of the command that failed, which name the fix. */
function refused(shell: Shell, { code, stderr }: Ended): number {
  shell.out(line("device", "not provisioned:"));
  for (const words of stderr.trimEnd().split("\n"))
    if (!/^working as /.test(words)) shell.err(`  ${words}`);
  shell.err("  Then run this command again. What was written stays.");
  return code;
}

const stopped = (cause: unknown) =>
  new AgentError("transient", "stopped before the first value was acknowledged", {
    cause,
    hint: "run it again, it can be repeated; how the service is: pipit status",
  });

/** The service knows nothing of them, and would become another device than the one set up here. */
function refuseOtherPlaces(options: OptionValues): void {
  const given = ["config", "state", "sysroot"].find((name) => options[name] !== undefined);
  if (given !== undefined)
    throw new UsageError(
      `setup is for the service of this machine, in /etc/pipit and /var/lib/pipit: leave --${given} out`,
    );
}

function demandRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new AgentError(
    "storage",
    "setup writes to /etc and starts the service: it has to run as root",
    {
      cause: Object.assign(new Error("EPERM"), { code: "EPERM" }),
      code: "P083",
      hint: "sudo pipit setup ...; --dry-run shows what it would do",
    },
  );
}
