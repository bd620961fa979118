import type { Config } from "../config/config.ts";
import { parseServerUrl, serverId } from "../config/server-url.ts";
import type { Platform } from "../ports.ts";
import type { DeviceApi } from "../thingsboard/device-api.ts";
import { fingerprintOf, readBoard } from "./board.ts";
import { deviceName } from "./device-name.ts";
import { createProvisioner, type Provisioner } from "./provisioner.ts";

export interface OpenedProvisioner {
  readonly provisioner: Provisioner;
  /** What a fleet is spread by; the same on every start of this board. */
  readonly hardwareId: string;
}

/** The provisioner for this board and the configured server: used by the agent, and by `pipit provision`. */
export async function openProvisioner(
  { server, provisioning }: Config,
  platform: Pick<
    Platform,
    "host" | "identity" | "certificates" | "provisionSecret" | "random" | "log"
  >,
  api: DeviceApi,
): Promise<OpenedProvisioner> {
  const log = platform.log.child("device");
  const board = await readBoard(platform.host);
  const named = deviceName(provisioning.device_name, board);
  if (!named.ok) {
    log.error("device_name makes no name here, the automatic one is used", {
      problem: named.problem,
      name: named.name,
      hint: "change [provisioning] device_name",
    });
  }
  const provisioner = createProvisioner({
    api,
    store: platform.identity,
    certificates: platform.certificates,
    credentialsType: provisioning.credentials_type,
    random: platform.random,
    board,
    server: serverId(server.url),
    showsCertificates: parseServerUrl(server.url).scheme === "coaps",
    deviceName: named.name,
    key: provisioning.key,
    secret: provisioning.secret,
    provisionSecret: platform.provisionSecret,
    onHardwareChange: provisioning.on_hardware_change,
    log,
  });
  const hardwareId = fingerprintOf(board)?.value ?? named.name ?? "";
  return { provisioner, hardwareId };
}
