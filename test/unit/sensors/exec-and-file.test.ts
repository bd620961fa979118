import { expect, it } from "vitest";
import type { ExecSensor, FileSensor } from "../../../agent/config/sensor-config.ts";
import { AgentError } from "../../../agent/errors.ts";
import type { ReaderChild } from "../../../agent/ports.ts";
import { execSource } from "../../../agent/sensors/exec.ts";
import { fileSource } from "../../../agent/sensors/file.ts";
import { lookAt } from "../../support/look.ts";

const common = {
  id: "ups",
  key: "upsCharge",
  enabled: true,
  interval: 60_000,
  schedule: null,
  unit: "%",
  on_change: false,
  factor: 1,
  offset: 0,
  deadband: null,
  timeout: null,
};
const ups: ExecSensor = {
  ...common,
  type: "exec",
  command: ["/usr/local/bin/ups", "--charge"],
  format: "number",
};
const level: FileSensor = {
  ...common,
  type: "file",
  id: "level",
  key: "level",
  path: "/run/level",
  format: "number",
  pattern: null,
};

/** A reader that always says the same; what it was asked is in `asked`. */
function readerSaying(text: string | Error) {
  const asked: unknown[] = [];
  const answer = async (...question: unknown[]) => {
    asked.push(question);
    if (text instanceof Error) throw text;
    return text;
  };
  const reader: ReaderChild = { readFile: answer, run: answer };
  return { reader, asked };
}

it("runs the command with its own time limit, in a group of its own", async () => {
  const { reader, asked } = readerSaying("97\n");
  const source = execSource({ ...ups, timeout: 9_000 }, reader);
  expect(await lookAt(source.collect, 0)).toEqual({ upsCharge: 97 });
  expect(asked).toEqual([[["/usr/local/bin/ups", "--charge"], { timeoutMs: 9_000 }]]);
  expect(source).toMatchObject({
    name: "exec ups",
    group: "exec ups",
    intervalMs: 60_000,
    keys: { upsCharge: { unit: "%", source: "/usr/local/bin/ups" } },
  });
});

it("puts the key before the names that a program gives, and calibrates every number", async () => {
  const config = { ...ups, format: "json", factor: 0.001, offset: 1 } as const;
  const { reader } = readerSaying('{"voltage":12000,"onLine":true}');
  expect(await lookAt(execSource(config, reader).collect, 0)).toEqual({
    upsChargeVoltage: 13,
    upsChargeOnLine: true,
  });
  const bare = { ...config, key: null, format: "keyvalue" } as const;
  const lines = readerSaying("voltage=12000\nmode=eco\n");
  expect(await lookAt(execSource(bare, lines.reader).collect, 0)).toEqual({
    voltage: 13,
    mode: "eco",
  });
});

it("passes on what was wrong with the program", async () => {
  const { reader } = readerSaying(new AgentError("sensor", "/usr/local/bin/ups: exit status 3"));
  await expect(lookAt(execSource(ups, reader).collect, 0)).rejects.toThrow("exit status 3");
});

it("reads a file: the whole of it, or what the first group of a pattern matches", async () => {
  const { reader, asked } = readerSaying("12.5\n");
  expect(await lookAt(fileSource(level, { reader }).collect, 0)).toEqual({ level: 12.5 });
  expect(asked).toEqual([["/run/level", { bus: "/run/level", timeoutMs: 2_000 }]]);
  const matched = fileSource(
    { ...level, pattern: "^level: ([0-9.]+)" },
    readerSaying("tank: 1\nlevel: 3.5 m\n"),
  );
  expect(await lookAt(matched.collect, 0)).toEqual({ level: 3.5 });
});

it.each([
  ["ENOENT", "does the program that writes it run?"],
  ["EACCES", "let user pipit read it"],
  ["ETIMEDOUT", undefined],
])("says what to do about %s", async (code, hint) => {
  const { reader } = readerSaying(Object.assign(new Error(code), { code }));
  const failure = lookAt(fileSource(level, { reader }).collect, 0);
  await expect(failure).rejects.toMatchObject({
    kind: "sensor",
    message: `/run/level: ${code}`,
    ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
  });
});

it("a pattern that nothing matches is an error, not a number", async () => {
  const source = fileSource({ ...level, pattern: "(\\d+) l" }, readerSaying("empty"));
  await expect(lookAt(source.collect, 0)).rejects.toThrow('nothing in it matches "(\\\\d+) l"');
});
