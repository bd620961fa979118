import { join } from "node:path";
import { expect, it } from "vitest";
import type { Command } from "../../../agent/cli/command.ts";
import { commands } from "../../../agent/cli/commands.ts";
import { dispatch } from "../../../agent/cli/dispatch.ts";
import { AgentError } from "../../../agent/errors.ts";
import manifest from "../../../package.json" with { type: "json" };
import { recordingShell } from "../../support/recording-shell.ts";

const pipit = async (...argv: string[]) => {
  const shell = recordingShell();
  const code = await dispatch(commands, argv, shell);
  return { code, out: shell.stdout.join("\n"), err: shell.stderr.join("\n") };
};
const failing = (error: unknown): Command => ({
  name: "fail",
  summary: "",
  options: {},
  run: () => Promise.reject(error),
});

it.each([[[]], [["--help"]], [["-h"]], [["help"]], [["--no-color"]]])(
  "pipit %j shows one screen of help",
  async (argv) => {
    const { code, out } = await pipit(...argv);
    const golden = join(import.meta.dirname, "../../golden/help.txt");
    expect(code).toBe(0);
    await expect(`${out}\n`).toMatchFileSnapshot(golden);
    expect(out.split("\n").length).toBeLessThanOrEqual(24);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
  },
);

it.each(commands.map(({ name }) => name))("pipit %s --help names its options", async (name) => {
  const command = commands.find((one) => one.name === name);
  const { code, out } = await pipit(...name.split(" "), "--help");
  expect(code).toBe(0);
  for (const option of Object.keys(command?.options ?? {})) expect(out).toContain(`--${option}`);
});

it.each([
  [["sensors", "--help"], ["sensors scan"]],
  [["sensors", "-h"], ["sensors scan"]],
  [
    ["config", "--help"],
    ["config check", "config show"],
  ],
])("pipit %j shows the help of what begins with it", async (argv, names) => {
  const helps = await Promise.all(
    names.map(async (name) => (await pipit(...name.split(" "), "--help")).out),
  );
  expect(await pipit(...argv)).toEqual({ code: 0, out: helps.join("\n\n"), err: "" });
});

it("tells its version, alone and behind a command", async () => {
  expect((await pipit("--version")).out).toBe(manifest.version);
  expect((await pipit("run", "--version")).out).toBe(manifest.version);
});

it.each([
  [["frobnicate"], /"frobnicate" is not a command; one of: run, setup, provision/],
  [["config"], /"config" is not a command; one of: config check, config show/],
  [["config", "destroy"], /"config destroy" is not a command; one of: config check, config show/],
  [["config", "v9dyc8RLH8xi8v9fqk3ri"], /"config …" is not a command; one of: config check/],
  [["run", "--nonsense"], /--nonsense.*see pipit run --help/],
  [["run", "v9dyc8RLH8xi8v9fqk3ri"], /Unexpected argument "…"; see pipit run --help/],
  [["provision", "--secret=v9dyc8RLH8xi8v9fqk3ri"], /Unknown option "--secret"; see/],
  [["run", "extra"], /see pipit run --help/],
  [["run", "--config"], /see pipit run --help/],
])("pipit %j is wrong usage: exit 64 and the way out", async (argv, message) => {
  const { code, err, out } = await pipit(...argv);
  expect(code).toBe(64);
  expect(err).toMatch(message);
  expect(out).toBe("");
});

it.each<[AgentError, number]>([
  [new AgentError("config", "no server", { hint: "write one" }), 78],
  [new AgentError("refused", "name taken", { code: "P021", hint: "delete it" }), 1],
  [new AgentError("transient", "later", { hint: "again" }), 75],
  [
    new AgentError("storage", "no right", {
      cause: Object.assign(new Error(), { code: "EACCES" }),
      hint: "sudo",
    }),
    77,
  ],
  [new AgentError("storage", "full", { hint: "free space" }), 75],
])("turns %s into exit code %i, with its hint and without a stack", async (error, expected) => {
  const shell = recordingShell();
  const { stderr: err } = shell;
  expect(await dispatch([failing(error)], ["fail"], shell)).toBe(expected);
  expect(err[0]).toContain(error.message);
  expect(err[1]).toContain(error.hint);
  expect(err.join()).not.toContain("at ");
});

it("shows the stack of a bug, and exits with 70", async () => {
  const shell = recordingShell();
  expect(await dispatch([failing(new TypeError("oops"))], ["fail"], shell)).toBe(70);
  expect(shell.stderr.join("\n")).toMatch(/a bug: TypeError: oops\n\s+at /);
});

it("marks each line of an error for journald", async () => {
  const shell = recordingShell({ JOURNAL_STREAM: "8:1" });
  await dispatch(
    [failing(new AgentError("config", "no server", { hint: "write one" }))],
    ["fail"],
    shell,
  );
  expect(shell.stderr).toEqual(["<3>pipit: no server", "<3>       write one"]);
});

it("shows the errors behind a SuppressedError, and the named one decides", async () => {
  const shell = recordingShell();
  const full = new AgentError("storage", "disk full", { hint: "free space" });
  const error = new SuppressedError(new TypeError("dispose failed"), full);
  expect(await dispatch([failing(error)], ["fail"], shell)).toBe(75);
  expect(shell.stderr.slice(0, 2)).toEqual(["pipit: disk full", "       free space"]);
  expect(shell.stderr.join("\n")).toContain("a bug: TypeError: dispose failed");
});

it("a named error decides though it came last, and two that nobody foresaw are both told", async () => {
  const late = new SuppressedError(new AgentError("config", "no server"), new TypeError("oops"));
  expect(await dispatch([failing(late)], ["fail"], recordingShell())).toBe(78);
  const shell = recordingShell();
  const bugs = new SuppressedError(new TypeError("second"), new RangeError("first"));
  expect(await dispatch([failing(bugs)], ["fail"], shell)).toBe(70);
  expect(shell.stderr.join("\n")).toMatch(/RangeError: first[\s\S]*TypeError: second/);
});

it("shows no secret and no terminal escape that a server put into a message", async () => {
  const shell = recordingShell();
  shell.secrets.protect('s3cr3t-"token');
  const said = 'server: \u001b[2J\u009b31m{"errorMsg":"bad s3cr3t-\\"token"}\nand more';
  const refused = new AgentError("refused", said, { hint: 'not s3cr3t-"token\u0007' });
  for (const error of [refused, new TypeError(`oops ${said}`)]) {
    await dispatch([failing(error)], ["fail"], shell);
  }
  expect(shell.stderr.join()).not.toContain("s3cr3t");
  expect(shell.stderr[0]).toContain('bad (secret)"}\\nand more');
  for (const line of shell.stderr) expect(line).not.toMatch(/\p{Cc}/u);
});
