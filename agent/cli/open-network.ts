import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import { parseServerUrl } from "../config/server-url.ts";
import type { DtlsNetwork, DtlsSettings } from "../dtls/network.ts";
import type { SessionStore, StoredSession } from "../dtls/sessions.ts";
import { AgentError } from "../errors.ts";
import { isJsonObject } from "../json.ts";
import { udpNetwork } from "../platform/udp.ts";
import type { Journal, Json, Network, Platform } from "../ports.ts";

type Notes = Pick<Journal, "note" | "noted">;

interface NetworkDeps extends Pick<Platform, "clock" | "boot" | "log"> {
  /** Where a DTLS session outlives the process; without one it does not. */
  readonly journal?: Notes | null;
}

/**
 * The way to the server that its URL asks for, and never another. What DTLS needs is looked for when a connection is made: a
 * missing ca_file is an error of that attempt, the agent goes on measuring, and the next attempt looks again.
 */
export function openNetwork(
  config: Config,
  { clock, boot, log, journal = null }: NetworkDeps,
): Network & Disposable {
  const { scheme, host } = parseServerUrl(config.server.url);
  if (scheme === "coap") return { ...udpNetwork, [Symbol.dispose]() {} };
  let opened: { readonly network: DtlsNetwork; readonly anchors: string } | null = null;
  let isOver = false;
  return {
    resolve: udpNetwork.resolve,
    async connect(address, events) {
      // Imported when asked for: OpenSSL is bound only by whoever wants DTLS.
      const { createDtlsNetwork } = await import("../dtls/network.ts");
      if (isOver) throw new Error("the network was closed");
      const settings = settingsOf(config, host);
      // A ca_file that was replaced counts from here on; channels that are open stay.
      if (opened && opened.anchors === settings.anchors)
        return opened.network.connect(address, events);
      opened?.network[Symbol.dispose]();
      opened = null;
      const network = createDtlsNetwork({
        udp: udpNetwork,
        clock,
        isClockSet: () => boot.isSynchronised(),
        settings,
        sessionStore: journal && sessionIn(journal),
        log: log.child("dtls"),
      });
      opened = { network, anchors: settings.anchors };
      return network.connect(address, events);
    },
    forget: () => opened?.network.forget?.(),
    [Symbol.dispose]() {
      isOver = true;
      opened?.network[Symbol.dispose]();
    },
  };
}

const NOTE = "dtls";

/** In the journal, whose files are 0600: it is written with the samples, and costs no write of its own. */
const sessionIn = (journal: Notes): SessionStore => ({
  load() {
    const noted = journal.noted(NOTE);
    return isStoredSession(noted) ? noted : null;
  },
  save: (stored) => journal.note(NOTE, stored && { ...stored }),
});

function isStoredSession(noted: Json | null): noted is Json & StoredSession {
  if (!isJsonObject(noted)) return false;
  const { binding, address, session, notAfterMs } = noted;
  const texts = [binding, address, session];
  return texts.every((text) => typeof text === "string") && typeof notAfterMs === "number";
}

function settingsOf({ server }: Config, host: string): DtlsSettings {
  return {
    serverName: server.server_name ?? host,
    anchors: server.ca_file === null ? systemStore() : readAnchors(server.ca_file),
    verify: !server.insecure_skip_verify,
    pin: server.pin_sha256,
    own: null,
  };
}

/** From a file and a folder of links to its parts, so each comes several times. */
const systemStore = () => {
  // Asked for here: Node's TLS is 1.5 MB that an agent without DTLS does not need.
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...new Set(getCACertificates("system"))].join("\n");
};

/** @throws AgentError `config` */
function readAnchors(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError("config", `ca_file cannot be read: ${why}`, {
      cause,
      code: "P067",
      hint: `give the path of a certificate (PEM) that the user of the service may read: ls -l ${path}`,
    });
  }
}
