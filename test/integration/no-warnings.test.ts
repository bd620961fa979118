import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { temporaryRoot } from "../support/temporary-root.ts";

it.each(["start", "dev", "pipit"] as const)(
  "npm run %s keeps Node quiet about node:ffi",
  (name) => {
    expect(manifest.scripts[name]).toMatch(
      /node --disable-warning=ExperimentalWarning .*agent\/main\.ts/,
    );
  },
);

it("a command that asks for an input line says nothing of experiments", () => {
  using root = temporaryRoot();
  const config = root.write(
    "pipit.toml",
    '[[sensors]]\ntype = "gpio"\nkey = "door"\nchip = "gpiochip999"\nline = 1\n',
  );
  const line = `${manifest.scripts.pipit} sample door --config "$0"`;
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", line, config], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("door");
});
