import { readFileSync } from "node:fs";
import { createDtlsNetwork, type DtlsNetwork } from "../../agent/dtls/network.ts";
import { systemClock } from "../../agent/platform/clock.ts";
import { createLog } from "../../agent/platform/log.ts";
import { udpNetwork } from "../../agent/platform/udp.ts";
import type { Trust } from "./contenders.ts";

export interface ServerAt extends Trust {
  readonly host: string;
  readonly port: number;
}

/** Errors still show. */
export const silent = createLog({
  level: "error",
  journald: false,
  write: (line) => void process.stderr.write(`${line}\n`),
});

/** DTLS as the agent opens it, to a server that is verified. */
export const dtlsTo = ({ serverName, caFile }: Trust): DtlsNetwork =>
  createDtlsNetwork({
    udp: udpNetwork,
    clock: systemClock,
    isClockSet: () => true,
    settings: {
      serverName,
      anchors: readFileSync(caFile, "latin1"),
      verify: true,
      pin: null,
      own: null,
    },
    log: silent,
  });
