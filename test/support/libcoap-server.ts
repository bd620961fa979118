import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "./free-port.ts";

/** Debian names it after the TLS library; without one is enough here, and comes with libcoap3-bin. */
const binaries = ["coap-server-notls", "coap-server-openssl", "coap-server"];

/** @throws with the package to install, when libcoap's server is not on this machine */
export function findLibcoap(): string {
  const found = binaries.find((name) => spawnSync(name, ["-?"]).error === undefined);
  if (found === undefined)
    throw new Error(
      `none of ${binaries.join(", ")} is installed: apt-get install -y libcoap3-bin (this suite never skips)`,
    );
  return found;
}

export interface LibcoapServer extends AsyncDisposable {
  readonly port: number;
}

/** libcoap's example server with room for dynamic resources, on loopback. */
export async function startLibcoapServer(port?: number): Promise<LibcoapServer> {
  const chosen = port ?? (await freePort());
  const server = spawn(findLibcoap(), ["-A", "127.0.0.1", "-p", String(chosen), "-d", "10"], {
    stdio: "ignore",
  });
  await once(server, "spawn");
  return { port: chosen, [Symbol.asyncDispose]: () => stop(server) };
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, "exit");
  // A server that dies says goodbye to nobody.
  server.kill("SIGKILL");
  await gone;
}
