import { parseArgs } from "node:util";
import type { ServerAddress } from "./real-site.ts";

export interface FleetOptions {
  readonly boards: number;
  readonly intervalMs: number;
  readonly seed: number;
  readonly plot: string | null;
  readonly json: boolean;
  readonly mode:
    | { readonly time: "virtual"; readonly soakMinutes: number; readonly limitTimes: number }
    | { readonly time: "real"; readonly minutes: number; readonly server: ServerAddress | null };
}

/** More take more memory than a machine for development has: 0.4 MB a board. */
export const MOST_WHOLE_BOARDS = 20_000;

const specs = {
  boards: { type: "string" },
  interval: { type: "string" },
  seed: { type: "string" },
  plot: { type: "string" },
  json: { type: "boolean" },
  soak: { type: "string" },
  limit: { type: "string" },
  real: { type: "boolean" },
  minutes: { type: "string" },
  server: { type: "string" },
  key: { type: "string" },
  secret: { type: "string" },
} as const;

/** @throws Error names the option and what it takes; for an unknown one, as Node says it */
export function parseFleetOptions(args: readonly string[]): FleetOptions {
  const { values } = parseArgs({ args: [...args], options: specs });
  const boards = whole("boards", values.boards ?? "10000");
  if (boards === 0) throw new Error("--boards takes at least 1");
  const interval = /^([1-9]\d{0,4})s$/.exec(values.interval ?? "60s")?.[1];
  if (interval === undefined)
    throw new Error(`--interval takes whole seconds, as "60s", not "${values.interval}"`);
  return {
    boards,
    intervalMs: Number(interval) * 1_000,
    seed: whole("seed", values.seed ?? String(Math.floor(Math.random() * 1e9))),
    plot: values.plot ?? null,
    json: values.json ?? false,
    mode: values.real === true ? realMode(values, boards) : virtualMode(values),
  };
}

type Values = Readonly<Partial<Record<keyof typeof specs, string | boolean>>>;

function virtualMode(values: Values): FleetOptions["mode"] {
  refuse(values, ["minutes", "server", "key", "secret"], "needs --real");
  const limit = text(values, "limit") ?? "1.5";
  if (!/^\d{1,3}(\.\d{1,2})?$/.test(limit) || Number(limit) === 0)
    throw new Error(`--limit takes how many times the steady rate, as 1.5, not "${limit}"`);
  const soakMinutes = whole("soak", text(values, "soak") ?? "10");
  return { time: "virtual", soakMinutes, limitTimes: Number(limit) };
}

function realMode(values: Values, boards: number): FleetOptions["mode"] {
  refuse(values, ["soak", "limit"], "is for virtual time, not for --real");
  if (boards > MOST_WHOLE_BOARDS)
    throw new Error(`--real takes at most ${MOST_WHOLE_BOARDS} boards`);
  const minutes = whole("minutes", text(values, "minutes") ?? "2");
  return { time: "real", minutes, server: serverOf(values) };
}

function serverOf(values: Values): ServerAddress | null {
  const [url, key, secret] = [text(values, "server"), text(values, "key"), text(values, "secret")];
  if (url === undefined) {
    refuse(values, ["key", "secret"], "needs --server; the sandbox has its own");
    return null;
  }
  const [, inBrackets, plain, port = "5683"] =
    /^coap:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s/:@[\]]+))(?::(\d{1,5}))?\/?$/.exec(url) ?? [];
  const host = inBrackets ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new Error(`--server takes coap://HOST:PORT, not "${url}"`);
  if (!key || !secret)
    throw new Error("--server needs --key and --secret of a device profile that creates devices");
  return { host, port: Number(port), key, secret };
}

function refuse(values: Values, names: readonly (keyof Values)[], why: string): void {
  const given = names.find((name) => values[name] !== undefined);
  if (given !== undefined) throw new Error(`--${given} ${why}`);
}

function text(values: Values, name: keyof Values): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

function whole(name: string, given: string): number {
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new Error(`--${name} takes a whole number, not "${given}"`);
}
