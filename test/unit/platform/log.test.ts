import { expect, it } from "vitest";
import { createLog, type LogOptions } from "../../../agent/platform/log.ts";
import { createSecrets } from "../../../agent/platform/secrets.ts";
import { stderrLines } from "../../../agent/platform/stderr.ts";

function logTo(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, log: createLog({ level: "info", journald: false, write, ...options }) };
}

it("writes one line an event: component, event, key=value, quotes only where needed", () => {
  const { lines, log } = logTo();
  const board = "Raspberry Pi 4";
  log.child("agent").info("started", { version: "1.0.0", board, n: 14, ok: true });
  expect(lines).toEqual(['agent: started version=1.0.0 board="Raspberry Pi 4" n=14 ok=true']);
});

it("leaves out fields without a value", () => {
  const { lines, log } = logTo();
  log.info("x", { a: undefined, b: null, c: 0 });
  expect(lines).toEqual(["agent: x c=0"]);
});

it("prefixes journald's severity", () => {
  const { lines, log } = logTo({ journald: true, level: "debug" });
  for (const level of ["error", "warn", "notice", "info", "debug"] as const) log[level](level);
  expect(lines.map((line) => line.slice(0, 3))).toEqual(["<3>", "<4>", "<5>", "<6>", "<7>"]);
});

it("says nothing below its level, which can change", () => {
  const { lines, log } = logTo({ level: "notice" });
  log.info("no");
  log.setLevel("info");
  log.child("x").info("yes");
  expect(lines).toEqual(["x: yes"]);
});

it("replaces a protected value wherever it turns up, whoever logs it", () => {
  const { lines, log } = logTo();
  const device = log.child("device");
  log.protect("s3cr3t-token");
  device.error("no answer from coap://tb/api/v1/s3cr3t-token/telemetry", {
    url: "/api/v1/s3cr3t-token/telemetry",
    list: "a,s3cr3t-token,b s3cr3t-token",
  });
  expect(lines.join()).not.toContain("s3cr3t");
  expect(lines[0]).toContain("/api/v1/(secret)/telemetry");
});

it("replaces a secret with quotes and newlines in it before it is escaped", () => {
  const { lines, log } = logTo();
  log.protect('pa"ss\nword!');
  log.info("x", { reason: 'wrong: pa"ss\nword!' });
  expect(lines).toEqual(['agent: x reason="wrong: (secret)"']);
});

it.each(["", "1", "1234567"])("leaves the text alone when a secret is as short as %j", (short) => {
  const { lines, log } = logTo();
  log.protect(short);
  log.info("started 1234567", { n: 11 });
  expect(lines).toEqual(["agent: started 1234567 n=11"]);
});

it("takes its secrets out of other output too, and shares them where asked", () => {
  const secrets = createSecrets();
  const { log } = logTo({ secrets });
  log.child("device").protect("s3cr3t-token");
  expect(log.redact("said s3cr3t-token")).toBe("said (secret)");
  expect(secrets.redact("said s3cr3t-token")).toBe("said (secret)");
});

it("keeps a line one line, and a terminal safe from what a server says", () => {
  const { lines, log } = logTo();
  log.info("first\nsecond \u001b[31mred", { said: "a\nb\u001b]0;title\u0007" });
  log.info("8-bit \u009b31m", { said: "red \u009b31m", word: "\u009b\u007f" });
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
});

it("a full pipe loses lines and counts them; a closed one silences the log; neither ends the agent", () => {
  const written: string[] = [];
  let code: string | null = "EAGAIN";
  const write = stderrLines((_fd: number, text: unknown) => {
    if (code) throw Object.assign(new Error(code), { code });
    written.push(String(text));
    return 0;
  });
  write("lost");
  write("lost");
  code = null;
  write("heard");
  expect(written).toEqual(["log: 2 lines lost, the reader was too slow\nheard\n"]);
  code = "EPIPE";
  write("nobody listens");
  code = null;
  write("nobody listens");
  expect(written).toHaveLength(1);
});
