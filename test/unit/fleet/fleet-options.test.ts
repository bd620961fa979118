import { expect, it, test } from "vitest";
import { tooFewFiles } from "../../fleet/descriptors.ts";
import { parseFleetOptions } from "../../fleet/fleet-options.ts";

const parse = (line: string) => parseFleetOptions(line.split(" ").filter((word) => word !== ""));

it("is 10,000 boards on virtual time unless something else is said", () => {
  expect(parse("--seed 7")).toEqual({
    ...{ boards: 10_000, intervalMs: 60_000, seed: 7, plot: null, json: false },
    mode: { time: "virtual", soakMinutes: 10, limitTimes: 1.5 },
  });
  expect(parse("--boards 9 --interval 10s --soak 0 --limit 0.8 --plot a.svg --json")).toMatchObject(
    {
      ...{ boards: 9, intervalMs: 10_000, plot: "a.svg", json: true },
      mode: { soakMinutes: 0, limitTimes: 0.8 },
    },
  );
});

it("runs on real sockets against the sandbox, or a server that is named", () => {
  expect(parse("--real --boards 9").mode).toEqual({ time: "real", minutes: 2, server: null });
  expect(
    parse("--real --boards 9 --minutes 5 --server coap://tb.local --key k --secret s").mode,
  ).toEqual({
    ...{ time: "real", minutes: 5 },
    server: { host: "tb.local", port: 5683, key: "k", secret: "s" },
  });
  expect(
    parse("--real --boards 9 --server coap://[::1]:5693 --key k --secret s").mode,
  ).toMatchObject({
    server: { host: "::1", port: 5693 },
  });
});

test.each([
  ["--boards many", '--boards takes a whole number, not "many"'],
  ["--boards 0", "--boards takes at least 1"],
  ["--interval 1m", '--interval takes whole seconds, as "60s", not "1m"'],
  ["--limit 0", '--limit takes how many times the steady rate, as 1.5, not "0"'],
  ["--minutes 2", "--minutes needs --real"],
  ["--server coap://a", "--server needs --real"],
  ["--real --soak 2", "--soak is for virtual time, not for --real"],
  ["--real --limit 2", "--limit is for virtual time, not for --real"],
  ["--real --boards 20001", "--real takes at most 20000 boards"],
  ["--real --key k", "--key needs --server; the sandbox has its own"],
  ["--real --server coaps://a", '--server takes coap://HOST:PORT, not "coaps://a"'],
  ["--real --server coap://a:70000", '--server takes coap://HOST:PORT, not "coap://a:70000"'],
  ["--real --server coap://a --key k", "--server needs --key and --secret of a device profile"],
  ["--frob", "Unknown option '--frob'"],
])("%s is refused: %s", (line, message) => {
  expect(() => parse(line)).toThrow(message);
});

const limitsOf = (
  soft: string,
  hard: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             96000                96000                processes
Max open files            ${soft.padEnd(21)}${hard.padEnd(21)}files
`;

it("wants a file for each board, and names the command that gives them", () => {
  expect(tooFewFiles(limitsOf("1064", "1064"), 1_000)).toBeNull();
  expect(tooFewFiles(limitsOf("unlimited", "unlimited"), 1_000)).toBeNull();
  expect(tooFewFiles(limitsOf("1063", "4096"), 1_000)).toBe(
    "1000 boards need 1064 open files, a socket each and 64 more; this process may have 1063. Raise it: ulimit -n 1064",
  );
  expect(tooFewFiles(limitsOf("500", "500"), 1_000)).toContain(
    "Raise it: sudo prlimit --pid $$ --nofile=1064:1064 (as root: ulimit -n 1064)",
  );
  expect(() => tooFewFiles("Max open files: many", 1)).toThrow("no line for open files");
});
