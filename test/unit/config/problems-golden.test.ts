import { join } from "node:path";
import { expect, it } from "vitest";
import { formatProblem } from "../../../agent/config/problem.ts";
import { parseFile } from "../../support/config-input.ts";

const golden = (name: string) => join(import.meta.dirname, "../../golden", name);

const shown = (text: string) =>
  parseFile(text)
    .problems.map((problem) => `${problem.severity}\n${formatProblem(problem)}\n`)
    .join("\n");

it("words every wrong value with what is wrong, what to write, the line and a caret", async () => {
  const text = `interval = "10s"
nonsense = 1
[server]
url = "http://tb.example.com"
  ack_timeout = 2
uri = "x"
[provisioning]
key = 12
secret = true
secret_file = "provision-secret"
device_name = "rpi-{serial9}" # placeholders
on_hardware_change = "ignore"
on_revoked = 1
[telemetry]
intervall = "30s"
interval = "10"
phase = "soon"
precision = "3"
live_first = "yes"
period = "5s"
[system]
metrics = ["cpu", "lod"]
disk_paths = "/"
network_interfaces = [
  "eth0",
  7,
]
interval = "5s"
[outbox]
max_size = 8
max_age = "400d"
[telemtry]
[remote]
settings = []
[log]
level = "loud"
`;
  await expect(shown(text)).toMatchFileSnapshot(golden("config-problems.txt"));
});

it.each([
  [
    "server",
    "url",
    [
      '"https://tb.example.com"',
      '"coap://a/b"',
      '"coap://u:p@a"',
      '"coap://a:0"',
      '"coap://a b"',
      '""',
      '"coap://a\\u0000"',
      "5683",
    ],
  ],
  ["server", "pin_sha256", ['"ab:cd"', '"zz"', "5", `"${"a".repeat(63)}"`]],
  ["server", "ack_timeout", ['"2"', '"50ms"', '"2h"', '"2 s"', "2.5"]],
  [
    "provisioning",
    "device_name",
    ['"{nope}"', '"{serial"', '"}"', '"{}"', "[]", `"${"n".repeat(256)}"`],
  ],
  [
    "telemetry",
    "interval",
    ["10", '"0s"', '"25h"', '"1m30s"', "1979-05-27", "{}", "[[1]]", "inf", "123456789012345678901"],
  ],
  ["telemetry", "phase", ['"25h"', "5"]],
  ["telemetry", "precision", ["11", "-1", "2.5", "nan"]],
  ["system", "metrics", ['["nothing"]', '"cpu"', "[1]", '["cpu", ["load"]]', '["\\u001b[2J"]']],
  ["system", "disk_paths", ['["data"]', '[""]']],
  ["system", "network_interfaces", ['["eth 0"]', '["../../x"]', '["averylongname0123"]']],
  ["outbox", "max_size", ['"8mb"', '"8"', '"1KB"', '"2GB"', "8000000"]],
  ["outbox", "max_age", ['"30"', '"1s"']],
  ["log", "level", ['"Info"', '""', "4"]],
])("words the wrong values of %s.%s", async (section, name, values) => {
  const lines = values.map((value) => `${shown(`[${section}]\n${name} = ${value}`)}`);
  await expect(lines.join("\n")).toMatchFileSnapshot(golden(`config-${section}-${name}.txt`));
});

it("words every syntax error with its position, and shows the unquoted value that caused it", async () => {
  const texts = [
    "[telemetry]\ninterval = 30s",
    "[server]\nurl = coap://tb.example.com # ours",
    "[log]\nlevel = info",
    "[telemetry]\nlive_first = True",
    '[log]\nlevel "info"',
    "[system]\nmetrics = { cpu = 1",
    "[log]\nlevel = 'info",
    "[log\nlevel = 'info'",
    "[log]\nlevel",
    "[log]\nlevel =",
    "[log]\nlevel = 'info' 'debug'",
    "[log]\nlevel = 'info'\nlevel = 'debug'",
    "[log]\n[log]",
    "log.level = 'info'\n[log]",
    "[system]\nmetrics = ['cpu'",
    "[system]\nmetrics = ['cpu' 'load']",
    "[telemetry]\nprecision = 03",
    "[provisioning]\nsecret = hunter22hunter22",
    `a = ${"[".repeat(50)}${"]".repeat(50)}`,
    '[log]\nlevel = "a\u0007b"',
    "server = 'coap://x'\nlog = 5\n[[telemetry]]",
  ];
  await expect(texts.map(shown).join("\n")).toMatchFileSnapshot(golden("config-syntax.txt"));
});
