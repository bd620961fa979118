import type { Board } from "./board.ts";

export type DeviceName =
  /** Null: the template is empty, and the server makes the name. */
  | { readonly ok: true; readonly name: string | null }
  | { readonly ok: false; readonly missing: readonly string[]; readonly name: string };

/**
 * `template` with its placeholders filled in: {hostname} {serial} {serial8} {machine8} {mac} {model}; serial8 is the
 * serial's last eight characters, machine8 the first eight of the machine id. "auto" is `rpi-{serial8}` on a Raspberry Pi and `{hostname}-{machine8}` elsewhere.
 * Where the board lacks what the template names, `name` is what "auto" gives, and `missing` says why.
 */
export function deviceName(template: string, board: Board): DeviceName {
  if (template.trim() === "") return { ok: true, name: null };
  if (template === "auto") return { ok: true, name: automaticName(board) };
  const facts = factsOf(board);
  const missing: string[] = [];
  const name = template.replace(/\{([a-z0-9]+)\}/g, (placeholder, key: string) => {
    const fact = facts[key];
    if (!fact) missing.push(placeholder);
    return fact ?? "";
  });
  if (missing.length === 0) return { ok: true, name: name.trim() };
  return { ok: false, missing, name: automaticName(board) };
}

function automaticName(board: Board): string {
  const facts = factsOf(board);
  if (board.model?.startsWith("Raspberry Pi") && facts["serial8"]) return `rpi-${facts["serial8"]}`;
  return [facts["hostname"] ?? "pipit", facts["machine8"] ?? facts["mac"]]
    .filter(Boolean)
    .join("-");
}

function factsOf(board: Board): Readonly<Record<string, string | undefined>> {
  const { hostname, serial, machineId, mac, model } = board;
  return {
    hostname: hostname ?? undefined,
    serial: serial ?? undefined,
    serial8: serial?.slice(-8),
    machine8: machineId?.slice(0, 8),
    mac: mac?.replaceAll(":", ""),
    model: model ?? undefined,
  };
}
