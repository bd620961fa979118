import type { Board } from "./board.ts";

export type DeviceName =
  /** Null: the template is empty, and the server makes the name. */
  | { readonly ok: true; readonly name: string | null }
  | { readonly ok: false; readonly problem: string; readonly name: string };

/** ThingsBoard refuses longer ones, in the same words as a name that is taken. */
const LONGEST_NAME = 255;

/**
 * `template` with its placeholders filled in: {hostname} {serial} {serial8} {machine8} {mac} {model}; serial8 is the
 * serial's last eight characters, machine8 the first eight of the machine id. "auto" is `rpi-{serial8}` on a Raspberry Pi and `{hostname}-{machine8}` elsewhere.
 * Where that cannot be a name, `name` is what "auto" gives, and `problem` says why.
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
  const otherwise = (problem: string) =>
    ({ ok: false, problem, name: automaticName(board) }) as const;
  if (missing.length > 0) return otherwise(`this board does not show ${missing.join(" ")}`);
  if (name.length > LONGEST_NAME) return otherwise(`it has more than ${LONGEST_NAME} characters`);
  return { ok: true, name: name.trim() };
}

function automaticName(board: Board): string {
  const facts = factsOf(board);
  if (board.model?.startsWith("Raspberry Pi") && facts["serial8"]) return `rpi-${facts["serial8"]}`;
  return [facts["hostname"] ?? "pipit", facts["machine8"] ?? facts["mac"]]
    .filter(Boolean)
    .join("-");
}

function factsOf(board: Board): Readonly<Record<string, string | undefined>> {
  const { hostname, serial, machineId, macs, model } = board;
  return {
    hostname: hostname ?? undefined,
    serial: serial ?? undefined,
    serial8: serial?.slice(-8),
    machine8: machineId?.slice(0, 8),
    mac: macs[0]?.replaceAll(":", ""),
    model: model ?? undefined,
  };
}
