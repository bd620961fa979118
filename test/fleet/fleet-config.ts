import { type Config, defaultConfig } from "../../agent/config/config.ts";
import { fixtures } from "../fixtures/make-fixtures.ts";
import { memoryHost } from "../support/memory-host.ts";

/** A name, and not an address of loopback: who shares a server with nobody has no splay. */
export const SERVER_NAME = "tb.example";

export interface FleetServer {
  readonly port: number;
  readonly key: string;
  readonly secret: string;
}

export const configOf = ({ port, key, secret }: FleetServer, intervalMs: number): Config => ({
  ...defaultConfig,
  server: { ...defaultConfig.server, url: `coap://${SERVER_NAME}:${port}` },
  provisioning: { ...defaultConfig.provisioning, key, secret },
  telemetry: { ...defaultConfig.telemetry, interval: intervalMs },
});

/** The files of a Raspberry Pi 4 without 1-Wire, whose readings have samples of their own. */
export const boardFiles = () =>
  memoryHost(
    Object.fromEntries(Object.entries(fixtures.pi4).filter(([path]) => !path.includes("w1"))),
  );
