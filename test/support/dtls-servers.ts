import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OwnCertificate } from "../../agent/ports.ts";
import { freePort, freePortPair } from "./free-port.ts";

export interface DtlsServer extends AsyncDisposable {
  readonly port: number;
  /** What it printed so far. */
  printed(): string;
  /** Resolves when it has printed this. */
  prints(pattern: RegExp): Promise<void>;
}

export interface ServerOptions {
  readonly folder: string;
  readonly own: OwnCertificate;
  /** More of its command line. */
  readonly args?: readonly string[];
  readonly port?: number;
  /** Default: 127.0.0.1; only openssl's takes another. */
  readonly host?: string;
}

let files = 0;

function filesOf({ folder, own }: ServerOptions) {
  const at = (name: string, text: string) => {
    const path = join(folder, `${++files}-${name}.pem`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return { certificate: at("certificate", own.certificate), key: at("key", own.key) };
}

/** openssl s_server: prints what it hears. */
export async function opensslServer(options: ServerOptions): Promise<DtlsServer> {
  const { certificate, key } = filesOf(options);
  const port = options.port ?? (await freePort());
  const args = options.args ?? ["-dtls1_2"];
  const { host = "127.0.0.1" } = options;
  const accept = ["-accept", `${host}:${port}`, "-cert", certificate, "-key", key];
  // Sent after the certificate: for one that stands alone it would be that one again.
  const isChain = options.own.certificate.split("BEGIN CERTIFICATE").length > 2;
  const chain = isChain ? ["-cert_chain", certificate] : [];
  return started(spawn("openssl", ["s_server", ...accept, ...chain, ...args]), port, /ACCEPT/);
}

/** gnutls-serv: echoes. */
export async function gnutlsServer(options: ServerOptions): Promise<DtlsServer> {
  const { certificate, key } = filesOf(options);
  const port = options.port ?? (await freePort());
  const args = ["--udp", "--echo", "-p", String(port), "--x509certfile", certificate];
  const all = [...args, "--x509keyfile", key, ...(options.args ?? [])];
  return started(spawn("gnutls-serv", all), port, /listening on|Server listening/i);
}

/** libcoap's example server, on OpenSSL or GnuTLS; coaps is one port above coap. */
export async function libcoapSecureServer(
  library: "openssl" | "gnutls",
  options: ServerOptions,
): Promise<DtlsServer> {
  const { certificate, key } = filesOf(options);
  const plainPort = await freePortPair();
  const listen = ["-A", "127.0.0.1", "-p", String(plainPort), "-d", "10", "-v", "6"];
  const own = ["-c", certificate, "-j", key, "-n", ...(options.args ?? [])];
  const server = spawn(`coap-server-${library}`, [...listen, ...own]);
  return started(server, plainPort + 1, null);
}

async function started(
  child: ChildProcess,
  port: number,
  ready: RegExp | null,
): Promise<DtlsServer> {
  let text = "";
  let wake = Promise.withResolvers<void>();
  const hear = (chunk: Buffer) => {
    text += chunk.toString("latin1");
    wake.resolve();
    wake = Promise.withResolvers();
  };
  child.stdout?.on("data", hear);
  child.stderr?.on("data", hear);
  let isGone = false;
  const gone = once(child, "exit").then(() => {
    isGone = true;
    wake.resolve();
  });
  await once(child, "spawn");
  const prints = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      if (isGone) throw new Error(`the server ended; it said:\n${text}`);
      await wake.promise;
    }
  };
  if (ready) await prints(ready);
  return {
    port,
    printed: () => text,
    prints,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
