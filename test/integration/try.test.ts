import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pipit } from "../support/pipit-process.ts";
import { site } from "../support/site.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it.each([
  ["coap", {}],
  ["coaps", { secure: { names: ["localhost"] } }],
] as const)(
  "%s: sends one sample with a token of a device, and leaves nothing behind",
  async (scheme, options) => {
    const { server, config, count } = await site(options);
    server.preprovision("board", "the-boards-token");
    const home = temporaryFolder();
    const url = `${scheme}://127.0.0.1:${server.port}`;
    const trust = scheme === "coaps" ? ["--ca-file", join(config, "../ca.pem")] : [];
    const tried = pipit(["try", "--server", url, "--token-stdin", ...trust], {
      input: "the-boards-token\n",
      env: { HOME: home, TMPDIR: home },
    });
    expect(`${await tried.ended} ${tried.stderr()}`).toBe("0 ");
    expect(tried.stdout()).toMatch(/\d+ values, \d+ bytes: acknowledged by coaps?:.* in \d+ ms\n$/);
    const { keys } = server.state().devices["board"]?.telemetry ?? expect.fail("no device");
    const [, sent = "{}"] = /(\{"ts".*\})\n/.exec(tried.stdout()) ?? [];
    expect(Object.keys(keys).sort()).toEqual(Object.keys(JSON.parse(sent).values).sort());
    expect(count("provision")).toBe(0);
    expect(readdirSync(home)).toEqual([]);
  },
);

it("without a server tells what it would send, and sends nothing", async () => {
  const tried = pipit(["try", "--config", "/dev/null"]);
  expect(await tried.ended).toBe(0);
  expect(tried.stdout()).toMatch(
    /^would send to <server>\/api\/v1\/<token>\/telemetry, \d+ bytes:\n\{"ts":\d+,"values":\{.*"uptime":/,
  );
});

it.each<[string, string, number, RegExp]>([
  ["a token that nobody has", "nobody\n", 1, /P085[\s\S]*Copy access token/],
  ["no token", "", 64, /--token-stdin wants one access token/],
])("says what to do about %s", async (_, input, code, words) => {
  const { server, config } = await site();
  const url = `coap://127.0.0.1:${server.port}`;
  const tried = pipit(["try", "--server", url, "--token-stdin", "--config", config], { input });
  expect(await tried.ended).toBe(code);
  expect(tried.stderr()).toMatch(words);
});

it("a token on no standard input is asked for by the option's name", async () => {
  const tried = pipit(["try", "--server", "coap://127.0.0.1"]);
  expect(await tried.ended).toBe(64);
  expect(tried.stderr()).toMatch(/--token-stdin/);
});
