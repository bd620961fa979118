import { describe, expect, it } from "vitest";
import { lastGoodToml } from "../../../agent/config/last-good.ts";
import { formatProblem } from "../../../agent/config/problem.ts";
import { configFile, parseFile } from "../../support/config-input.ts";

const KERNEL = '[[sensors]]\nid = "bme280@1-0076/temp"\n';
const GPIO = '[[sensors]]\ntype = "gpio"\nkey = "door"\nchip = "gpiochip0"\nline = 17\n';
const EXEC = '[[sensors]]\ntype = "exec"\nkey = "ups"\ncommand = ["/usr/bin/ups", "-c"]\n';
const FILE = '[[sensors]]\ntype = "file"\nkey = "level"\npath = "/run/level"\n';

const EDGES = `${GPIO}edges = "both"\n`;

const common = {
  enabled: true,
  interval: null,
  schedule: null,
  unit: null,
  on_change: false,
  factor: 1,
  offset: 0,
  deadband: null,
  timeout: null,
};

/** First lines of the problems, without the path. */
const problemsOf = (text: string) =>
  parseFile(text).problems.map((problem) =>
    formatProblem(problem).split("\n")[0]?.replace("/etc/pipit/pipit.toml:", ""),
  );

describe("[[sensors]]", () => {
  it("of every type have the defaults of what is not given", () => {
    const { config, problems } = parseFile(KERNEL + GPIO + EXEC + FILE);
    expect(problems).toEqual([]);
    expect(config.sensors).toEqual([
      { ...common, type: "kernel", id: "bme280@1-0076/temp", key: null },
      {
        ...common,
        type: "gpio",
        id: "door",
        key: "door",
        chip: "gpiochip0",
        line: 17,
        bias: "as-is",
        active_low: false,
        edges: "none",
        debounce: 0,
      },
      {
        ...common,
        type: "exec",
        id: "ups",
        key: "ups",
        command: ["/usr/bin/ups", "-c"],
        format: "number",
      },
      {
        ...common,
        type: "file",
        id: "level",
        key: "level",
        path: "/run/level",
        format: "number",
        pattern: null,
      },
    ]);
  });

  it("take every setting, durations in milliseconds", () => {
    const { config, problems } = parseFile(
      `${KERNEL}key = "tank"\ninterval = "10s"\nunit = "°F"\non_change = true\nfactor = 1.8\noffset = 32\n` +
        'deadband = 0.5\ntimeout = "3s"\nenabled = false\n',
    );
    expect(problems).toEqual([]);
    expect(config.sensors).toMatchObject([
      {
        key: "tank",
        interval: 10_000,
        unit: "°F",
        on_change: true,
        factor: 1.8,
        offset: 32,
        deadband: 0.5,
        timeout: 3_000,
        enabled: false,
      },
    ]);
  });

  it("of all files count together; of two with one id the later one", () => {
    const later = configFile(
      `${KERNEL}enabled = false\n${EXEC.replace("-c", "-v")}`,
      "/etc/pipit/config.d/70.toml",
    );
    const { config, problems } = parseFile("", {
      files: [configFile(KERNEL + FILE + EXEC), later],
    });
    expect(problems).toEqual([]);
    expect(config.sensors.map(({ id, enabled }) => [id, enabled])).toEqual([
      ["level", true],
      ["bme280@1-0076/temp", false],
      ["ups", true],
    ]);
    expect(config.sensors.at(-1)).toMatchObject({ command: ["/usr/bin/ups", "-v"] });
  });

  it.each([
    ["a wrong value", `${KERNEL}interval = "10"`, '3: interval = "10": needs a unit; write "10s"'],
    ["an unknown type", '[[sensors]]\ntype = "ds18b2"\n', '2: type = "ds18b2": not a sensor type;'],
    ["a missing setting", '[[sensors]]\ntype = "exec"\nkey = "a"\n', "1: command is missing here;"],
    ["a missing key", GPIO.replace('key = "door"\n', ""), "1: key is missing here;"],
    ["no id", '[[sensors]]\nkey = "a"\n', "1: id is missing, or no channel;"],
    [
      "an id that is no channel",
      '[[sensors]]\nid = "hwmon2"\n',
      "2: id is missing, or no channel;",
    ],
    ["a key that ThingsBoard cannot have", `${KERNEL}key = "tank temp"`, '3: key = "tank temp"'],
    ["a reserved key", `${KERNEL}key = "ts"`, '3: key = "ts": not a usable key;'],
    ["a factor of 0", `${KERNEL}factor = 0`, "3: factor = 0: not a number other than 0;"],
    ["two paces", `${KERNEL}interval = "10s"\nschedule = "0 6 * * *"`, "4: schedule and interval"],
    ["a wrong schedule", `${KERNEL}schedule = "daily"`, '3: schedule = "daily": not five fields;'],
    ["a shell line", EXEC.replace(/command.*/, 'command = "ls"'), "4: command = "],
    ["a relative program", EXEC.replace("/usr/bin/", ""), "4: command = "],
    ["a quick program", `${EXEC}interval = "500ms"`, "5: interval is too short for a program;"],
    ["keyvalue in a file", `${FILE}format = "keyvalue"`, "5: format of a file is"],
    ["a pattern without a group", `${FILE}pattern = "a+"`, '5: pattern = "a+": not a regular'],
    [
      "a pattern that does not compile",
      `${FILE}pattern = "(a"`,
      '5: pattern = "(a": not a regular',
    ],
    [
      "a pattern for JSON",
      `${FILE}format = "json"\npattern = "(a)"`,
      '6: pattern is for format = "number"',
    ],
    [
      "a key of another",
      `${KERNEL}key = "a"\n${EXEC.replace("ups", "a")}`,
      '6: key "a" is that of',
    ],
    ["a table for a list", "[sensors]\nid = 1", "1: sensors is a list of sections;"],
  ])("with %s are off, and the others count", (_, text, message) => {
    const others = text.startsWith("[sensors]") ? "" : FILE.replace("level", "other");
    const { config, problems } = parseFile(`${text}\n${others}`);
    const errors = problems.filter(({ severity }) => severity === "error");
    expect(problemsOf(`${text}\n${others}`)[0]).toContain(message);
    expect(errors).toHaveLength(1);
    if (others !== "") expect(config.sensors.map(({ key }) => key)).toContain("other");
    expect(config.sensors.length).toBe(others === "" ? 0 : message.includes("is that of") ? 2 : 1);
  });

  it.each([
    ["the program", `${EDGES}${EXEC.replace("ups", "doorCount")}`, "9"],
    ["the line", `${EXEC.replace("ups", "doorCount")}${EDGES}`, "7"],
  ])("count edges under a key that nobody else may have: %s is off", (_, text, line) => {
    const { config } = parseFile(text);
    expect(problemsOf(text)).toEqual([expect.stringContaining(`${line}: key "doorCount" is that`)]);
    expect(config.sensors).toHaveLength(1);
  });

  it("may have a key of the board, and then a warning says what that means", () => {
    const own = `${KERNEL}key = "cpuTemperature"\n`;
    const { config, problems } = parseFile(own);
    expect(config.sensors).toMatchObject([{ key: "cpuTemperature" }]);
    expect(problems).toMatchObject([{ severity: "warning" }]);
    expect(formatProblem(problems[0] ?? expect.fail()).split("\n")).toEqual([
      '/etc/pipit/pipit.toml:3: key "cpuTemperature" is that of a reading of the board, which this sensor replaces; to have both choose another',
      '    3 | key = "cpuTemperature"',
      "      |       ^^^^^^^^^^^^^^^^",
    ]);
    expect(problemsOf(`${own}enabled = false`)).toEqual([]);
    expect(problemsOf(`${EXEC.replace("ups", "uptime")}format = "json"`)).toEqual([]);
  });

  it("point at the line and the column of what is wrong, in the right entry", () => {
    const [problem] = parseFile(`${KERNEL}key = "a"\n${FILE}factor = "x"\n`).problems;
    expect(formatProblem(problem ?? expect.fail()).split("\n")).toEqual([
      '/etc/pipit/pipit.toml:8: factor = "x": not a number other than 0; write one without quotes',
      '    8 | factor = "x"',
      "      |          ^^^",
    ]);
  });

  it("warn of a setting that nothing knows, or that another type has, and count all the same", () => {
    expect(problemsOf(`${KERNEL}intervall = "10s"\ncommand = ["/bin/ls"]`)).toEqual([
      '3: unknown setting "intervall" in [[sensors]]; did you mean "interval"?',
      "4: command belongs to type exec, and this is kernel; remove it",
    ]);
    expect(parseFile(`${KERNEL}intervall = "10s"`).config.sensors).toHaveLength(1);
  });

  it("never show what a command holds: it may be a password", () => {
    const [problem] = parseFile(EXEC.replace(/command.*/, 'command = ["ups", "hunter2"]')).problems;
    const text = formatProblem(problem ?? expect.fail());
    expect(text.split("\n").slice(1).join()).not.toContain("hunter2");
  });

  it("survive last-good.toml", () => {
    const { config } = parseFile(
      `[server]\nurl = "coap://tb"\n${KERNEL}key = "a"\ninterval = "10s"\n${GPIO}${EXEC}${FILE}pattern = 'a "([0-9]+)"'\n` +
        '[[jobs]]\nschedule = "0 6 * * *"\nrun = "inventory"\n',
    );
    const again = parseFile(lastGoodToml(config));
    expect(again.problems).toEqual([]);
    expect(again.config).toEqual(config);
  });
});

it("[[jobs]] need a schedule and something to run", () => {
  const { config } = parseFile('[[jobs]]\nschedule = "0 6 * * *"\nrun = "sample"\n');
  expect(config.jobs).toEqual([{ schedule: "0 6 * * *", run: "sample" }]);
  expect(problemsOf('[[jobs]]\nschedule = "x"\n[[jobs]]\nrun = "reboot"')).toEqual([
    expect.stringContaining("1: run is missing here;"),
    '2: schedule = "x": not five fields; write five',
    expect.stringContaining("3: schedule is missing here;"),
    '4: run = "reboot": not a job; one of inventory, sample',
  ]);
});
