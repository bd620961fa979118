import type { Config } from "../config/config.ts";
import { parseServerUrl } from "../config/server-url.ts";
import type { DtlsNetwork, DtlsSettings } from "../dtls/network.ts";
import { udpNetwork } from "../platform/udp.ts";
import type { Network, Platform } from "../ports.ts";
import { dtlsSettings } from "./dtls-settings.ts";
import { type Notes, sessionIn } from "./session-note.ts";

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
  /** By the certificate that is shown, "" for none: two at a time while one is to replace the other. */
  const opened = new Map<
    string,
    { readonly network: DtlsNetwork; readonly settings: DtlsSettings }
  >();
  let isOver = false;
  return {
    resolve: udpNetwork.resolve,
    showsCertificates: true,
    async connect(address, events, own = null) {
      // Imported when asked for: OpenSSL is bound only by whoever wants DTLS.
      const { createDtlsNetwork } = await import("../dtls/network.ts");
      if (isOver) throw new Error("the network was closed");
      const settings = dtlsSettings(config, host, own);
      // A file that was replaced counts from here on; channels that are open stay.
      const shown = own?.certificate ?? "";
      const before = opened.get(shown);
      if (before && isSame(before.settings, settings))
        return before.network.connect(address, events);
      before?.network[Symbol.dispose]();
      opened.delete(shown);
      const network = createDtlsNetwork({
        udp: udpNetwork,
        clock,
        isClockSet: () => boot.isSynchronised(),
        settings,
        sessionStore: journal && sessionIn(journal),
        log: log.child("dtls"),
      });
      opened.set(shown, { network, settings });
      return network.connect(address, events);
    },
    forget() {
      for (const { network } of opened.values()) network.forget?.();
    },
    [Symbol.dispose]() {
      isOver = true;
      for (const { network } of opened.values()) network[Symbol.dispose]();
      opened.clear();
    },
  };
}

/** The rest of the settings does not change while an agent runs. */
const isSame = (a: DtlsSettings, b: DtlsSettings): boolean =>
  a.anchors === b.anchors && a.own?.certificate === b.own?.certificate && a.own?.key === b.own?.key;
