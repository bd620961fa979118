import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../errors.ts";
import { parseSandboxOptions } from "../sandbox/options.ts";
import { defaultProfile } from "../sandbox/profile.ts";
import { type Sandbox, type SandboxEvent, startSandbox } from "../sandbox/sandbox.ts";
import { type Invocation, UsageError } from "./command.ts";

export interface SandboxServer extends AsyncDisposable {
  readonly server: Sandbox;
  readonly url: string;
  /** Whom a client has to trust; null in clear text. */
  readonly caFile: string | null;
}

/** Starts the stand-in server as the options say, and introduces it: where it listens, and the key to it. */
export async function openSandboxServer(
  { shell, options }: Invocation,
  onEvent: (event: SandboxEvent) => void,
): Promise<SandboxServer> {
  // A fault of the stand-in is answered 5.00, and the agent beside it goes on.
  const onBug = (error: unknown) => shell.err(`sandbox: a bug: ${stackOf(error)}`);
  const server = await startSandbox({ ...parsed(options), onEvent, onBug }).catch(
    (error: unknown) => {
      throw portTaken(error);
    },
  );
  const { port, httpPort, authority } = server;
  const url = `${authority === null ? "coap" : "coaps"}://127.0.0.1:${port}`;
  const control = httpPort === null ? "" : `, page http://127.0.0.1:${httpPort}/`;
  shell.out(`sandbox   ThingsBoard stand-in on ${url}${control}`);
  shell.out(`          provisioning key ${defaultProfile.key}, secret ${defaultProfile.secret}`);
  const file = authority === null ? null : temporaryFile("ca.pem", authority);
  if (file) shell.out(`          authority of its certificate: ca_file = "${file.path}"`);
  return {
    server,
    url,
    caFile: file?.path ?? null,
    async [Symbol.asyncDispose]() {
      file?.[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function temporaryFile(name: string, content: string): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "pipit-sandbox-ca-"));
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function parsed(options: Invocation["options"]) {
  try {
    return parseSandboxOptions(options);
  } catch (error) {
    // On the command line a wrong value is wrong usage, whatever it would be in a file.
    throw error instanceof AgentError ? new UsageError(error.message) : error;
  }
}

const stackOf = (error: unknown) => (error instanceof Error ? error.stack : String(error));

const portTaken = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "EADDRINUSE"
    ? new UsageError("that port is in use; choose another with --port N or --http-port N")
    : error;
