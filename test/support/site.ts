import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type SandboxEvent,
  type SandboxOptions,
  startSandbox,
} from "../../agent/sandbox/sandbox.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A sandbox, a configuration that points at it, and the moment when something has happened. */
export async function site(options: SandboxOptions = {}, toml = "") {
  const events: SandboxEvent[] = [];
  const waiting = new Set<() => void>();
  const server = await startSandbox({
    httpPort: null,
    ...options,
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const folder = temporaryFolder();
  const state = join(folder, "state");
  const config = join(folder, "pipit.toml");
  const caFile = join(folder, "ca.pem");
  if (server.authority !== null) writeFileSync(caFile, server.authority);
  const url =
    server.authority === null
      ? `url = "coap://127.0.0.1:${server.port}"`
      : `url = "coaps://127.0.0.1:${server.port}"\nca_file = "${caFile}"`;
  const text = `[server]\n${url}\nack_timeout = "200ms"
[provisioning]\nkey = "sandbox-key"\nsecret = "sandbox-secret"\ndevice_name = "board-1"
[telemetry]\ninterval = "1s"\nphase = "0s"\n${toml}`;
  writeFileSync(config, text, { mode: 0o600 });
  const until = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const count = (path: string) => events.filter((event) => event.path === path).length;
  const args = ["--config", config, "--state", state];
  return { server, events, until, count, config, state, args, text };
}
