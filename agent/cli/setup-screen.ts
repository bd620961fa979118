import { isLoopback, parseServerUrl } from "../config/server-url.ts";
import { readBoard } from "../device/board.ts";
import { textOrEmpty } from "../device/host-text.ts";
import { osNameOf, osVersionOf, parseOsRelease } from "../device/os-release.ts";
import { isJsonObject, parseJson } from "../json.ts";
import { systemBootClock } from "../platform/boot-clock.ts";
import { createHost } from "../platform/host.ts";

/** A fact a line, its name before it. */
export const line = (name: string, text: string) => `  ${name.padEnd(9)} ${text}`;

/** What this machine is, as far as the device will depend on it. */
export async function machineFacts(sysroot: string): Promise<readonly string[]> {
  const host = createHost({ root: sysroot });
  const { model, serial, hostname } = await readBoard(host);
  const release = parseOsRelease(await textOrEmpty(host, "/etc/os-release"));
  const named = serial === null ? "" : ` (serial …${serial.slice(-8)})`;
  const os = [osNameOf(release), osVersionOf(release)].filter(Boolean).join(" ");
  const clock = systemBootClock.isSynchronised()
    ? "synchronised"
    : "not synchronised yet: samples wait for it; see timedatectl";
  return [
    line(
      "board",
      [`${model ?? hostname ?? "this machine"}${named}`, os, process.arch]
        .filter(Boolean)
        .join(", "),
    ),
    line("clock", clock),
  ];
}

/** @throws where `pipit provision --json` printed something else than its result */
export function provisioningFacts(url: string, stdout: string): readonly string[] {
  const found = parseJson(stdout);
  if (!isJsonObject(found)) throw new Error(`pipit provision --json printed "${stdout.trim()}"`);
  const { status, deviceName, verifiedMs } = found;
  const name = deviceName === null ? "under a name that the server made" : `as "${deviceName}"`;
  const isNew = status === "provisioned";
  return [
    line("server", `${url}   answers in ${verifiedMs} ms`),
    line(
      "device",
      `${isNew ? "provisioned" : "already provisioned"} ${name}${isNew ? " (new)" : ""}`,
    ),
  ];
}

export function nextSteps(url: string): readonly string[] {
  const { host } = parseServerUrl(url);
  const open = isLoopback(host) ? [] : [`  Open       https://${host}/entities/devices`];
  return [
    ...open,
    "  Status     pipit status          Sensors   pipit sensors scan          Log   journalctl -u pipit",
  ];
}
