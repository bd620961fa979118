import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sensorsScan } from "../../../agent/cli/sensors-scan.ts";
import type { FixtureName } from "../../fixtures/make-fixtures.ts";
import { fixtures } from "../../fixtures/make-fixtures.ts";
import { writeTree } from "../../fixtures/tree.ts";
import { recordingShell } from "../../support/recording-shell.ts";
import { temporaryRoot } from "../../support/temporary-root.ts";

/** Below a root of its own, because --write leaves a file there. */
async function scan(board: FixtureName, given: { write?: boolean; toml?: string } = {}) {
  const root = temporaryRoot();
  writeTree(root.path, fixtures[board]);
  if (given.toml !== undefined) root.write("etc/pipit/pipit.toml", given.toml);
  const again = async (write = given.write === true) => {
    const shell = recordingShell();
    const options = { sysroot: root.path, ...(write ? { write } : {}) };
    const exit = await sensorsScan.run({ shell, options, positionals: [] });
    return { exit, text: shell.stdout.join("\n").replaceAll(root.path, "") };
  };
  const read = () => readFileSync(join(root.path, "etc/pipit/config.d/70-sensors.toml"), "utf8");
  return { ...(await again()), again, read, [Symbol.dispose]: () => root[Symbol.dispose]() };
}

describe("pipit sensors scan", () => {
  it.each<FixtureName>(["pi3", "pi4", "pi5", "zero2w", "x64", "twins-a"])(
    "on %s",
    async (board) => {
      using scanned = await scan(board);
      await expect(`${scanned.text}\n`).toMatchFileSnapshot(`../../golden/scan-${board}.txt`);
      expect(scanned.exit).toBe(0);
    },
  );

  it("says the same of twins whose kernel numbers are swapped", async () => {
    using a = await scan("twins-a");
    using b = await scan("twins-b");
    expect(b.text).toBe(a.text);
  });

  it("on the faulty board shows what is wrong beside each, and suggests only what works", async () => {
    using scanned = await scan("faulty");
    await expect(`${scanned.text}\n`).toMatchFileSnapshot("../../golden/scan-faulty.txt");
  });

  it("--write makes a file that the agent reads, and a second time has nothing to add", async () => {
    using scanned = await scan("pi4", { write: true });
    expect(scanned.text).toContain("wrote 8 sensors to /etc/pipit/config.d/70-sensors.toml");
    const first = scanned.read();
    expect(first.match(/\[\[sensors\]\]/g)).toHaveLength(8);
    expect((await scanned.again()).text).toContain("nothing to write");
    expect(scanned.read()).toBe(first);
  });

  it("does not suggest what is listed already, nor a key that is taken", async () => {
    const toml = '[[sensors]]\nid = "bme280@1-0076/temp"\nkey = "humidity"\n';
    using scanned = await scan("pi4", { toml });
    expect(scanned.text).not.toContain('id = "bme280@1-0076/temp"');
    expect(scanned.text).not.toContain('key = "humidity"');
    expect(scanned.text).toContain('key = "pressure"');
  });
});
