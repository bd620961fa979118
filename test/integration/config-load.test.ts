import { mkdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, reportProblems, saveLastGood } from "../../agent/cli/load-config.ts";
import { defaultConfig } from "../../agent/config/config.ts";
import { AgentError } from "../../agent/errors.ts";
import { recordingShell } from "../support/recording-shell.ts";
import { temporaryRoot } from "../support/temporary-root.ts";

const URL_LINE = '[server]\nurl = "coap://tb.example.com"\n';

const errorOf = async (work: () => unknown): Promise<AgentError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("loadConfig", () => {
  it("joins the files below --sysroot, the environment, credentials and the command line", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", `${URL_LINE}[provisioning]\nkey = "file-key"\nsecret = "s"`);
    root.write("etc/pipit/config.d/50.toml", '[telemetry]\ninterval = "5s"\nprecision = 1');
    root.write("credentials/pipit.provision-key", "credential-key\n");
    const shell = recordingShell({
      PIPIT_TELEMETRY_PRECISION: "2",
      CREDENTIALS_DIRECTORY: join(root.path, "credentials"),
    });
    const loaded = await loadConfig(
      shell,
      { sysroot: root.path },
      { requireServer: true, overrides: { "log.level": "debug" } },
    );
    expect(loaded).toMatchObject({ problems: [], degraded: false, source: "files" });
    expect(loaded.config).toMatchObject({
      server: { url: "coap://tb.example.com" },
      provisioning: { key: "credential-key", secret: "s" },
      telemetry: { interval: 5_000, precision: 2 },
      log: { level: "debug" },
    });
  });

  it("reads the file of --config alone", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/config.d/50.toml", '[log]\nlevel = "debug"');
    const config = root.write("my.toml", URL_LINE);
    const options = { sysroot: root.path, config };
    const loaded = await loadConfig(recordingShell(), options, { requireServer: true });
    expect(loaded.config.log.level).toBe("info");
  });

  it("runs degraded on a wrong value", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", `${URL_LINE}[log]\nlevel = "loud"`);
    const loaded = await loadConfig(
      recordingShell(),
      { sysroot: root.path },
      { requireServer: true },
    );
    expect(loaded).toMatchObject({ degraded: true, source: "files" });
    expect(loaded.config.log.level).toBe("info");
  });

  it("does not count a warning as degraded", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", `${URL_LINE}[remote]`);
    const loaded = await loadConfig(
      recordingShell(),
      { sysroot: root.path },
      { requireServer: true },
    );
    expect(loaded.problems).toHaveLength(1);
    expect(loaded.degraded).toBe(false);
  });

  it("knows the keys that the configured disks add", async () => {
    using root = temporaryRoot();
    const text = `${URL_LINE}[system]\ndisk_paths = ["/mnt/usb"]\nmetrics = ["usbDiskUsage"]`;
    root.write("etc/pipit/pipit.toml", text);
    const loaded = await loadConfig(
      recordingShell(),
      { sysroot: root.path },
      { requireServer: true },
    );
    expect(loaded.problems).toEqual([]);
    expect(loaded.config.system.metrics).toEqual(["usbDiskUsage"]);
  });

  it("is fatal without a server URL, and says where to write it", async () => {
    using root = temporaryRoot();
    const shell = recordingShell();
    const options = { sysroot: root.path };
    expect(await errorOf(() => loadConfig(shell, options, { requireServer: true }))).toMatchObject({
      kind: "config",
      message: "no server URL from any source",
      hint: `write url = "coap://HOST" below [server] in ${root.path}/etc/pipit/pipit.toml, or set PIPIT_SERVER_URL`,
    });
    expect((await loadConfig(shell, options, { requireServer: false })).config).toEqual(
      defaultConfig,
    );
  });

  it("is fatal where it is wrong, also where another file has a right one, and shows the line", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", URL_LINE);
    root.write("etc/pipit/config.d/50.toml", URL_LINE.replace("coap:", "https:"));
    const shell = recordingShell();
    expect(
      await errorOf(() => loadConfig(shell, { sysroot: root.path }, { requireServer: true })),
    ).toMatchObject({ kind: "config", message: "the server URL is wrong, see above" });
    expect(shell.stderr[0]).toMatch(/50\.toml:2: url = "https:.*not a server URL/);
  });

  it("goes on with what parses when the environment names the server", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", "[server");
    const shell = recordingShell({ PIPIT_SERVER_URL: "coap://10.0.0.5" });
    const loaded = await loadConfig(shell, { sysroot: root.path }, { requireServer: true });
    expect(loaded).toMatchObject({ degraded: true, source: "files" });
  });
});

describe("last-good.toml", () => {
  const stateIn = (root: { path: string }) => {
    const stateDir = join(root.path, "state");
    mkdirSync(stateDir, { recursive: true });
    return stateDir;
  };

  it("carries a cold start on which no file parses, loudly, and without the secrets", async () => {
    using root = temporaryRoot();
    const stateDir = stateIn(root);
    const options = { sysroot: root.path };
    const text = `${URL_LINE}[provisioning]\nsecret = "hx7SECRET"\nkey = "qv8KEY"\n[telemetry]\ninterval = "7s"`;
    root.write("etc/pipit/pipit.toml", text);
    saveLastGood(
      await loadConfig(recordingShell(), options, { requireServer: true, stateDir }),
      stateDir,
    );
    const kept = join(stateDir, "last-good.toml");
    expect(readFileSync(kept, "utf8")).not.toMatch(/hx7SECRET|qv8KEY/);
    expect(statSync(kept).mode & 0o777).toBe(0o600);

    root.write("etc/pipit/pipit.toml", `${text}\n[log`);
    const shell = recordingShell();
    const loaded = await loadConfig(shell, options, { requireServer: true, stateDir });
    expect(loaded).toMatchObject({ degraded: true, source: "last-good" });
    expect(loaded.config).toMatchObject({
      server: { url: "coap://tb.example.com" },
      telemetry: { interval: 7_000 },
      provisioning: { key: null, secret: null },
    });
    reportProblems(shell, loaded.problems);
    expect(shell.stderr.filter((line) => !line.startsWith(" "))).toEqual([
      `${root.path}/etc/pipit/pipit.toml:8: not a section header; write [name] on a line of its own (nothing in this file counts until then)`,
      `${kept}: in use, because the configuration does not parse; correct the files named above`,
    ]);
  });

  it("is not read where the files parse, where there is none, or without a state folder", async () => {
    using root = temporaryRoot();
    const stateDir = stateIn(root);
    const options = { sysroot: root.path };
    const load = (stateDirGiven: string | null) =>
      loadConfig(recordingShell(), options, { requireServer: true, stateDir: stateDirGiven });
    root.write("etc/pipit/pipit.toml", "[log");
    expect((await errorOf(() => load(stateDir))).message).toBe(
      "no configuration file parses, see above",
    );
    root.write("state/last-good.toml", URL_LINE);
    expect((await load(stateDir)).source).toBe("last-good");
    expect((await errorOf(() => load(null))).kind).toBe("config");
    root.write("etc/pipit/pipit.toml", "[log]");
    expect((await errorOf(() => load(stateDir))).message).toBe("no server URL from any source");
  });

  it("does not rescue a server URL that is wrong", async () => {
    using root = temporaryRoot();
    const stateDir = stateIn(root);
    root.write("state/last-good.toml", URL_LINE);
    root.write("etc/pipit/pipit.toml", URL_LINE.replace("coap:", "https:"));
    root.write("etc/pipit/config.d/50.toml", "[log");
    const options = { sysroot: root.path };
    const load = () => loadConfig(recordingShell(), options, { requireServer: true, stateDir });
    expect((await errorOf(load)).message).toBe("the server URL is wrong, see above");
  });

  it("is no use when it is damaged itself", async () => {
    using root = temporaryRoot();
    const stateDir = stateIn(root);
    root.write("state/last-good.toml", "\0\0\0");
    root.write("etc/pipit/pipit.toml", "[log");
    const options = { sysroot: root.path };
    const load = () => loadConfig(recordingShell(), options, { requireServer: true, stateDir });
    expect((await errorOf(load)).message).toBe("no configuration file parses, see above");
  });

  it("is written only when it changes, and never from a configuration with errors", async () => {
    using root = temporaryRoot();
    const stateDir = stateIn(root);
    const options = { sysroot: root.path };
    const file = join(stateDir, "last-good.toml");
    const start = async (text: string) => {
      root.write("etc/pipit/pipit.toml", text);
      saveLastGood(await loadConfig(recordingShell(), options, { requireServer: true }), stateDir);
      return statSync(file).mtimeMs;
    };
    await start(URL_LINE);
    utimesSync(file, 1, 1);
    expect(await start(URL_LINE)).toBe(1_000);
    expect(await start(`${URL_LINE}[log]\nlevel = "loud"`)).toBe(1_000);
    expect(await start(`${URL_LINE}[log]\nlevel = "debug"`)).toBeGreaterThan(1_000);
  });

  it("that cannot be written is a storage error with a hint", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", URL_LINE);
    const loaded = await loadConfig(
      recordingShell(),
      { sysroot: root.path },
      { requireServer: true },
    );
    const error = await errorOf(() => saveLastGood(loaded, join(root.path, "none")));
    expect(error).toMatchObject({ kind: "storage", hint: expect.stringContaining("writable") });
  });
});
