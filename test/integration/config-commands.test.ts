import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Command, OptionValues, Shell } from "../../agent/cli/command.ts";
import { configCheck } from "../../agent/cli/config-check.ts";
import { configShow } from "../../agent/cli/config-show.ts";
import { sampleToml } from "../../agent/config/sample.ts";
import { recordingShell } from "../support/recording-shell.ts";
import { temporaryRoot } from "../support/temporary-root.ts";

const LOCAL = '[server]\nurl = "coap://127.0.0.1"\n';

async function runCommand(
  command: Command,
  root: { path: string },
  {
    env = {},
    options = {},
    positionals = [] as readonly string[],
  }: {
    env?: Shell["env"];
    options?: OptionValues;
    positionals?: readonly string[];
  } = {},
) {
  const shell = recordingShell(env);
  const all = { sysroot: root.path, ...options };
  const code = await command.run({ shell, options: all, positionals });
  const text = (lines: readonly string[]) => lines.join("\n").replaceAll(root.path, "");
  return { code, out: text(shell.stdout), err: text(shell.stderr) };
}

describe("pipit config check", () => {
  it("is content with a sound file", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", LOCAL);
    expect(await runCommand(configCheck, root)).toEqual({
      code: 0,
      out: "0 errors, 0 warnings",
      err: "",
    });
  });

  it("prints an unknown setting as a warning, which fails only with --strict", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", `${LOCAL}[telemetry]\nintervall = "30s"`);
    const out = [
      '/etc/pipit/pipit.toml:4: unknown setting "intervall" in [telemetry]; did you mean "interval"?',
      '    4 | intervall = "30s"',
      "      | ^^^^^^^^^",
      "0 errors, 1 warning",
    ].join("\n");
    expect(await runCommand(configCheck, root)).toEqual({ code: 0, out, err: "" });
    expect(await runCommand(configCheck, root, { options: { strict: true } })).toEqual({
      code: 1,
      out,
      err: "",
    });
  });

  it("warns of a sensor that replaces a reading of the board, where that is sent", async () => {
    using root = temporaryRoot();
    const sensor = '[[sensors]]\nid = "bme280@1-0076/temp"\nkey = "cpuTemperature"\n';
    root.write("etc/pipit/pipit.toml", `${LOCAL}${sensor}`);
    const { code, out } = await runCommand(configCheck, root);
    expect(code).toBe(0);
    expect(out).toContain('pipit.toml:5: key "cpuTemperature" is that of a reading of the board');
    expect(out).toMatch(/\n0 errors, 1 warning$/);
    root.write("etc/pipit/pipit.toml", `${LOCAL}[system]\nmetrics = ["cpuUsage"]\n${sensor}`);
    expect((await runCommand(configCheck, root)).out).toBe("0 errors, 0 warnings");
  });

  it("answers 1 to a wrong value and to a file that does not parse", async () => {
    using root = temporaryRoot();
    root.write("etc/pipit/pipit.toml", `${LOCAL}[telemetry]\ninterval = "10"`);
    root.write("etc/pipit/config.d/50.toml", "[telemetry]\ninterval = 10s");
    const { code, out } = await runCommand(configCheck, root);
    expect(code).toBe(1);
    expect(out).toContain('pipit.toml:4: interval = "10": needs a unit; write "10s"\n');
    expect(out).toContain('50.toml:2: 10s has no quotes; write "10s"');
    expect(out).toMatch(/\n2 errors, 0 warnings$/);
  });

  it("counts a missing server URL as an error, once, and tells the fix", async () => {
    using root = temporaryRoot();
    expect(await runCommand(configCheck, root)).toEqual({
      code: 1,
      out:
        'server.url: no server URL from any source; write url = "coap://HOST" below [server] in /etc/pipit/pipit.toml, or set PIPIT_SERVER_URL\n' +
        "1 error, 0 warnings",
      err: "",
    });
    root.write("etc/pipit/pipit.toml", '[server]\nurl = "https://tb.example.com"');
    expect((await runCommand(configCheck, root)).out).toMatch(/\n1 error, 0 warnings$/);
  });

  it("warns of a server that is not verified, which --strict refuses", async () => {
    using root = temporaryRoot();
    root.write(
      "etc/pipit/pipit.toml",
      '[server]\nurl = "coaps://tb.example.com"\ninsecure_skip_verify = true',
    );
    const { code, out, err } = await runCommand(configCheck, root);
    expect(code).toBe(0);
    expect(out).toContain("server.insecure_skip_verify: no server is verified; set it to false");
    expect(err).toMatch(/^note: insecure_skip_verify is on/);
    expect((await runCommand(configCheck, root, { options: { strict: true } })).code).toBe(1);
  });

  it("answers 1 when --config names no file", async () => {
    using root = temporaryRoot();
    const config = join(root.path, "none.toml");
    const { code, out } = await runCommand(configCheck, root, { options: { config } });
    expect(code).toBe(1);
    expect(out).toContain("/none.toml: does not exist; correct the path after --config");
  });

  it("notes on stderr that coap:// is clear text", async () => {
    using root = temporaryRoot();
    const env = { PIPIT_SERVER_URL: "coap://tb.example.com" };
    const { code, err } = await runCommand(configCheck, root, { env });
    expect(code).toBe(0);
    expect(err).toMatch(/^note: coap:\/\/ is clear text/);
  });
});

describe("pipit config show", () => {
  const prepare = () => {
    const root = temporaryRoot();
    const first = `[server]\nurl = "coap://10.0.0.5"\n[provisioning]\nkey = "qv8KEYzero"\nsecret = "hx7SECRET"`;
    root.write("etc/pipit/pipit.toml", `${first}\n[log]\nlevel = "loud"`);
    root.write(
      "etc/pipit/config.d/50-setup.toml",
      '# by setup\nserver.url = "coap://tb.example.com"',
    );
    root.write("credentials/pipit.provision-secret", "cr3dSECRET");
    const env = {
      PIPIT_SYSTEM_METRICS: "cpu,load",
      CREDENTIALS_DIRECTORY: join(root.path, "credentials"),
    };
    return { root, env, [Symbol.dispose]: () => root[Symbol.dispose]() };
  };
  const golden = (name: string) => join(import.meta.dirname, "../golden", name);

  it("shows every value, where it comes from and what it overrides", async () => {
    using set = prepare();
    const { code, out, err } = await runCommand(configShow, set.root, set);
    expect(code).toBe(0);
    await expect(`${out}\n`).toMatchFileSnapshot(golden("config-show.txt"));
    expect(err).toContain('pipit.toml:7: level = "loud": not a log level');
  });

  it("gives the same as JSON", async () => {
    using set = prepare();
    const { out } = await runCommand(configShow, set.root, { ...set, options: { json: true } });
    expect(JSON.parse(out)).toMatchObject({
      "server.url": {
        value: "coap://tb.example.com",
        source: "config.d/50-setup.toml:2",
        overrides: [{ value: "coap://10.0.0.5", source: "pipit.toml:2" }],
      },
      "provisioning.secret": { value: "(set)", source: "credential pipit.provision-secret" },
      "provisioning.secret_file": { value: null, source: "default" },
      "telemetry.precision": { value: 3 },
      "telemetry.live_first": { value: true },
      "system.metrics": { value: ["cpu", "load"], source: "environment PIPIT_SYSTEM_METRICS" },
      "outbox.max_size": { value: "64MB" },
    });
  });

  it("prints no secret in any form", async () => {
    using set = prepare();
    for (const options of [{}, { json: true }]) {
      const { out, err } = await runCommand(configShow, set.root, { ...set, options });
      expect(out + err).not.toMatch(/qv8KEY|hx7SECRET|cr3dSECRET/);
    }
  });

  it("shows one setting or one section by its name, and helps with a misspelt one", async () => {
    using set = prepare();
    const show = (name: string) =>
      runCommand(configShow, set.root, { ...set, positionals: [name] });
    expect((await show("telemetry.interval")).out).toBe("telemetry.interval  60s  default");
    expect((await show("clock")).out.split("\n")).toHaveLength(2);
    await expect(show("telemetry.intervall")).rejects.toThrow("did you mean telemetry.interval?");
    await expect(show("nothing")).rejects.toThrow('"nothing" is not a setting');
  });

  it("prints the annotated sample with --defaults", async () => {
    using set = prepare();
    const { out } = await runCommand(configShow, set.root, { options: { defaults: true } });
    expect(`${out}\n`).toBe(sampleToml());
  });
});
