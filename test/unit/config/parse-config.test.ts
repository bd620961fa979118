import { describe, expect, it } from "vitest";
import { allSettings, defaultConfig } from "../../../agent/config/config.ts";
import { parseConfig } from "../../../agent/config/parse-config.ts";
import { configFile, knownNames, parseFile } from "../../support/config-input.ts";

const messages = (problems: readonly { message: string }[]) => problems.map((one) => one.message);

describe("parseConfig", () => {
  it("gives the defaults, and no problem, for nothing at all", () => {
    const { config, problems, origins } = parseConfig({}, knownNames);
    expect(config).toEqual(defaultConfig);
    expect(problems).toEqual([]);
    expect(origins.get("log.level")).toEqual({
      origin: { kind: "default", name: "", line: null },
      rejected: null,
      overrides: [],
    });
    expect(origins.size).toBe(allSettings.length);
  });

  it("mirrors the file: names as written, durations in milliseconds, sizes in bytes", () => {
    const { config, problems } = parseFile(`
      [server]
      url = "coap://tb.example.com:7000"
      pin_sha256 = "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"
      ack_timeout = "500ms"
      [provisioning]
      key = "k"
      secret = "s"
      device_name = "site-{hostname}-{serial8}"
      on_hardware_change = "stop"
      on_revoked = "reprovision"
      [telemetry]
      interval = "5m"
      phase = "30s"
      other_intervals = { disk = "10m", load5 = "1s" }
      deadband = 0.5
      max_silence = "1h"
      precision = 0
      live_first = false
      [system]
      metrics = ["cpu", "load5"]
      disk_paths = ["/", "/data"]
      network_interfaces = ["eth0"]
      pi_throttle = false
      inventory = false
      withhold = ["macAddress"]
      [publish]
      on_change = true
      [outbox]
      max_size = "1MB"
      max_age = "2h"
      [log]
      level = "debug"
    `);
    expect(problems).toEqual([]);
    expect(config).toEqual({
      server: {
        url: "coap://tb.example.com:7000",
        ca_file: null,
        client_cert: null,
        client_key: null,
        server_name: null,
        pin_sha256: "ab".repeat(32),
        insecure_skip_verify: false,
        ack_timeout: 500,
      },
      provisioning: {
        key: "k",
        secret: "s",
        secret_file: null,
        keep_secret: false,
        device_name: "site-{hostname}-{serial8}",
        credentials_type: "access_token",
        on_hardware_change: "stop",
        on_revoked: "reprovision",
      },
      telemetry: {
        interval: 300_000,
        phase: 30_000,
        other_intervals: { disk: 600_000, load5: 1_000 },
        deadband: 0.5,
        max_silence: 3_600_000,
        precision: 0,
        live_first: false,
      },
      system: {
        metrics: ["cpu", "load5"],
        disk_paths: ["/", "/data"],
        network_interfaces: ["eth0"],
        pi_throttle: false,
        inventory: false,
        withhold: ["macAddress"],
      },
      publish: { on_change: true },
      outbox: {
        durability: "each",
        window: 60_000,
        max_size: 1_000_000,
        max_age: 7_200_000,
        keep_free: 100_000_000,
        on_full: "oldest",
        max_writes_per_day: null,
        max_drain_rate: null,
      },
      clock: { trust: "auto", wait: 60_000 },
      log: { level: "debug" },
      sensors: [],
      jobs: [],
    });
  });

  it.each([
    ["a header", '[telemetry]\ninterval = "7s"'],
    ["a dotted key", 'telemetry.interval = "7s"'],
    ["an inline table", 'telemetry = { interval = "7s" }'],
    ["quoted names", '["telemetry"]\n"interval" = "7s"'],
    ["windows line ends and a byte order mark", '\uFEFF[telemetry]\r\ninterval = "7s"\r\n'],
  ])("reads a setting written with %s", (_, text) => {
    const { config, problems } = parseFile(text);
    expect(problems).toEqual([]);
    expect(config.telemetry.interval).toBe(7_000);
  });

  it("takes the later source setting by setting, and replaces lists", () => {
    const { config, origins } = parseConfig(
      {
        files: [
          configFile(
            '[telemetry]\ninterval = "1s"\nprecision = 1\n[system]\nmetrics = ["cpu", "load"]',
          ),
          configFile(
            '[telemetry]\ninterval = "2s"\n[system]\nmetrics = ["disk"]',
            "/etc/pipit/config.d/50.toml",
          ),
        ],
        environment: { PIPIT_TELEMETRY_INTERVAL: "3s", PIPIT_LOG_LEVEL: "debug", HOME: "/" },
        overrides: { "telemetry.interval": "4s", "log.level": "error" },
      },
      knownNames,
    );
    expect(config.telemetry).toEqual({ ...defaultConfig.telemetry, interval: 4_000, precision: 1 });
    expect(config.system.metrics).toEqual(["disk"]);
    expect(config.log.level).toBe("error");
    expect(origins.get("telemetry.interval")).toEqual({
      origin: { kind: "command line", name: "telemetry.interval", line: null },
      rejected: null,
      overrides: [
        {
          raw: "3s",
          origin: { kind: "environment", name: "PIPIT_TELEMETRY_INTERVAL", line: null },
        },
        { raw: "2s", origin: { kind: "file", name: "/etc/pipit/config.d/50.toml", line: 2 } },
        { raw: "1s", origin: { kind: "file", name: "/etc/pipit/pipit.toml", line: 2 } },
      ],
    });
  });

  it("reads numbers, flags and lists from the environment", () => {
    const { config, problems } = parseConfig(
      {
        environment: {
          PIPIT_TELEMETRY_PRECISION: "5",
          PIPIT_TELEMETRY_LIVE_FIRST: "false",
          PIPIT_SYSTEM_METRICS: "cpu, load",
          PIPIT_SYSTEM_NETWORK_INTERFACES: "",
          PIPIT_PROVISIONING_DEVICE_NAME: "",
        },
      },
      knownNames,
    );
    expect(problems).toEqual([]);
    expect(config.telemetry).toMatchObject({ precision: 5, live_first: false });
    expect(config.system).toMatchObject({ metrics: ["cpu", "load"], network_interfaces: [] });
    expect(config.provisioning.device_name).toBe("");
  });

  it("reports variables that look like settings, and leaves those of others alone", () => {
    const { problems } = parseConfig(
      {
        environment: { PIPIT_SERVER_URI: "x", PIPIT_LOG_FORMAT: "x", PIPIT_HOME: "x", PIPITS: "x" },
      },
      knownNames,
    );
    expect(messages(problems)).toEqual([
      "unknown variable PIPIT_LOG_FORMAT; remove it, or see: pipit config show",
      "unknown variable PIPIT_SERVER_URI; did you mean PIPIT_SERVER_URL?",
    ]);
    expect(problems.every(({ severity }) => severity === "warning")).toBe(true);
  });

  it("gives a setting its default where the source that counts is wrong", () => {
    const { config, origins, problems } = parseConfig(
      {
        files: [
          configFile('[telemetry]\ninterval = "5s"\nprecision = 2'),
          configFile('[telemetry]\ninterval = "5"', "/etc/pipit/config.d/50.toml"),
        ],
      },
      knownNames,
    );
    expect(config.telemetry).toMatchObject({ interval: 60_000, precision: 2 });
    expect(origins.get("telemetry.interval")).toMatchObject({
      origin: { kind: "default" },
      rejected: { raw: "5", origin: { name: "/etc/pipit/config.d/50.toml", line: 2 } },
      overrides: [{ raw: "5s" }],
    });
    expect(problems).toMatchObject([{ severity: "error", source: "/etc/pipit/config.d/50.toml" }]);
  });

  it("never turns a refused URL into that of an earlier source", () => {
    const { config, problems } = parseConfig(
      {
        files: [
          configFile('[server]\nurl = "coap://tb.example.com"'),
          configFile('[server]\nurl = "coaps://tb example.com"', "/etc/pipit/config.d/50.toml"),
        ],
      },
      knownNames,
    );
    expect(config.server.url).toBe("");
    expect(problems[0]?.message).toContain("not a host");
  });

  it("reports a wrong value even where a later source replaces it", () => {
    const { config, problems } = parseFile('[log]\nlevel = "loud"', {
      environment: { PIPIT_LOG_LEVEL: "error" },
    });
    expect(config.log.level).toBe("error");
    expect(problems).toHaveLength(1);
  });

  it("lets nothing of a file count that does not parse, and everything of the others", () => {
    const parsed = parseConfig(
      {
        files: [
          configFile('[log]\nlevel = "debug"\n[telemetry\ninterval = "5s"'),
          configFile("[telemetry]\nprecision = 1", "/etc/pipit/config.d/50.toml"),
        ],
      },
      knownNames,
    );
    expect(parsed.config).toEqual({
      ...defaultConfig,
      telemetry: { ...defaultConfig.telemetry, precision: 1 },
    });
    expect(parsed).toMatchObject({ filesParsed: 1, filesBroken: 1 });
    expect(parsed.problems).toMatchObject([{ severity: "error", place: { line: 3 } }]);
  });

  it("names the problems of all sources in one run, file by file and line by line", () => {
    const { problems } = parseConfig(
      {
        files: [
          configFile('[log]\nlevel = "x"\n[sever]\n[server]\nurl = 1\nurll = 2', "/b.toml"),
          configFile("[log]\ncolour = 1\nlevel = 3", "/a.toml"),
        ],
        environment: { PIPIT_LOG_LEVEL: "y" },
        overrides: { "log.level": "z" },
      },
      knownNames,
    );
    expect(problems.map(({ source, place }) => `${source}:${place?.line}`)).toEqual([
      "/b.toml:2",
      "/b.toml:3",
      "/b.toml:5",
      "/b.toml:6",
      "/a.toml:2",
      "/a.toml:3",
      "environment:undefined",
      "command line:undefined",
    ]);
  });

  it("accepts the names of metrics that its caller knows, and no others", () => {
    const input = { files: [configFile('[system]\nmetrics = ["tide"]')] };
    expect(
      parseConfig(input, { ...knownNames, metricNames: ["tide"] }).config.system.metrics,
    ).toEqual(["tide"]);
    expect(parseConfig(input, knownNames).problems).toHaveLength(1);
  });
});
