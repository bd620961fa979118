import { holdsSecret, secretEntryIn } from "../config/secret-span.ts";
import { systemClock } from "../platform/clock.ts";
import { errnoOf } from "../platform/errno.ts";
import { resultOf } from "../result.ts";
import type { Status } from "../status.ts";
import {
  bootCopyIn,
  bootFileIn,
  bootStatusIn,
  eraseFrom,
  isRecorded,
  readIfAny,
  recordIn,
} from "./boot-file.ts";
import { writeBootStatus } from "./boot-status.ts";
import type { Command, Shell } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { readStatus } from "./read-status.ts";
import { runtimeDirOf, runtimeOption } from "./runtime-dir.ts";
import { sysrootOf } from "./state-dir.ts";

/** What pipit-boot-report.service runs, when the agent has a result. */
export const bootReport: Command = {
  name: "boot-report",
  summary:
    "leaves pipit-status.txt on the boot partition, and erases the secret there after success",
  options: { runtime: runtimeOption },
  hidden: true,
  async run({ shell, options }) {
    const answer = readStatus(runtimeDirOf(shell, options), systemClock.monotonic());
    if (answer.kind !== "running") {
      shell.err(`nothing to tell: ${answer.reason}`);
      return EXIT.ok;
    }
    const sysroot = sysrootOf(options);
    const file = bootFileIn(sysroot);
    const bytes = readIfAny(file);
    if (bytes === null || !isRecorded(bytes, recordIn(readIfAny(bootCopyIn(sysroot))))) {
      shell.err(`${file} was not taken over: what is said of it stays`);
      return EXIT.ok;
    }
    const { status } = answer;
    const result = resultOf(status);
    if (result === null) return EXIT.ok;
    const lines = result.startsWith("delivered")
      ? [...success(status), erased(shell, file, bytes)]
      : refusal(result);
    writeBootStatus(shell, bootStatusIn(sysroot), [...lines, ...troubles(status)]);
    return EXIT.ok;
  },
};

const success = ({ device, server, readings }: Status): readonly string[] => [
  `OK  provisioned ${device === null ? "under a name that the server made" : `as ${device}`} at ${server.url}`,
  `${readings.values} values every ${readings.interval_seconds} s, acknowledged by the server.`,
];

/** A partition that cannot be written is told where it can be, and tried again after the next start. */
function erased(shell: Shell, file: string, bytes: Uint8Array): string {
  const entry = secretEntryIn(bytes);
  try {
    if (entry !== null && holdsSecret(entry)) eraseFrom(file, bytes, entry.value);
    return "There is no secret in pipit.toml any more.";
  } catch (error) {
    const code = errnoOf(error instanceof Error ? error.cause : error);
    if (code === undefined) throw error;
    shell.err(
      `the secret in ${file} could not be erased (${code}); it is tried again at the next start`,
    );
    return `The secret in pipit.toml could not be erased (${code}): remove it yourself.`;
  }
}

const refusal = (result: string): readonly string[] => [
  `REFUSED  the board waits for you   ${result.replace("refused ", "")}`,
  "Mend what is said below, in pipit.toml or on the server; put the card back, and switch the board on.",
];

/** As `pipit status` says them. */
const troubles = ({ degradations }: Status): readonly string[] =>
  degradations.flatMap(({ code, text, fix }) => [`${code} ${text}`, `     ${fix}`]);
