import type { CpuTime, Handshakes } from "./handshakes.ts";
import type { Traffic } from "./links.ts";
import { median, noiseOf, plusMinus } from "./statistics.ts";

/** What a report costs one contender in one window. */
export interface WireFigures {
  readonly cpuMs: number;
  /** IP, per report. */
  readonly up: number;
  readonly down: number;
  readonly jsonBytes: number;
  /** The CoAP message with the JSON in it. */
  readonly messageBytes: number;
}

export const labels = {
  floor: "C floor",
  pipitCoap: "pipit, coap://",
  pipitCoaps: "pipit, coaps://",
  coap: "transport only, CoAP",
  coaps: "transport only, CoAPS",
  mqtts: "transport only, MQTT over TLS",
} as const;

export type Name = keyof typeof labels;
export const names = Object.keys(labels) as readonly Name[];
export type WireWindow = Readonly<Partial<Record<Name, WireFigures>>>;

export const setUps = {
  full: "CoAPS, full handshake",
  resumed: "CoAPS, session taken up again",
  mqtts: "MQTT: TCP, TLS 1.3, CONNECT",
} as const;

export type SetUps = Readonly<Record<keyof typeof setUps, Traffic>>;

export interface WireResult {
  readonly windows: readonly WireWindow[];
  readonly setUps: SetUps;
  /** Only in the full form, and not of MQTT, whose TLS is in Node. */
  readonly handshakeCpu: Handshakes["cpu"];
  /** Only in the full form; the short one is about bytes. */
  readonly withCpu: boolean;
}

const UDP_AND_IP_BYTES = 28;
const TCP_AND_IP_BYTES = 40;

export const totalOf = ({ up, down }: WireFigures) => up + down;
/** What is not the payload: that hardly depends on its length. */
export const overheadOf = (figures: WireFigures) => totalOf(figures) - figures.jsonBytes;

/** Of setting a session up; null where it was not measured. */
export const setUpCpu = ({ handshakeCpu }: WireResult, name: keyof SetUps): CpuTime | null =>
  name === "mqtts" ? null : (handshakeCpu?.[name] ?? null);

export const bytesOf = ({ up, down }: Traffic) => up.bytes + down.bytes;

/** Bytes are the mean of all windows, processor time and its ratio to the C program in the same window are medians. */
export function figuresOf({ windows }: WireResult, name: Name) {
  const measured = windows.flatMap((window) => {
    const [own, floor] = [window[name], window.floor];
    return own ? [{ own, ratio: floor ? own.cpuMs / floor.cpuMs : Number.NaN }] : [];
  });
  if (measured.length === 0) return null;
  const mean = (key: keyof WireFigures) =>
    measured.reduce((sum, { own }) => sum + own[key], 0) / measured.length;
  const figures: WireFigures = {
    cpuMs: median(measured.map(({ own }) => own.cpuMs)),
    up: mean("up"),
    down: mean("down"),
    jsonBytes: mean("jsonBytes"),
    messageBytes: mean("messageBytes"),
  };
  const ratios = measured.map(({ ratio }) => ratio);
  return { figures, ratio: median(ratios), noise: noiseOf(ratios) };
}

/** What cannot be, and so is a fault of the measurement or of the agent. */
export function impossibleIn(result: WireResult): readonly string[] {
  const of = (name: Name) => {
    const found = figuresOf(result, name);
    if (!found) throw new Error(`${labels[name]} was not measured`);
    return found.figures;
  };
  const [coap, coaps, mqtts] = [of("coap"), of("coaps"), of("mqtts")];
  const { full, resumed } = result.setUps;
  const claims: readonly (readonly [isImpossible: boolean, what: string])[] = [
    [
      coap.up !== coap.messageBytes + UDP_AND_IP_BYTES,
      `the devices counted ${coap.up} B for a CoAP message of ${coap.messageBytes} B in UDP and IP`,
    ],
    [coaps.up <= coap.up || coaps.down <= coap.down, "CoAPS took no more bytes than CoAP"],
    [
      overheadOf(of("pipitCoaps")) <= overheadOf(of("pipitCoap")),
      "Pipit took no more bytes by coaps:// than by coap://",
    ],
    [
      mqtts.up <= mqtts.jsonBytes + TCP_AND_IP_BYTES || mqtts.down <= TCP_AND_IP_BYTES,
      "MQTT over TLS took fewer bytes than payload and headers have",
    ],
    [
      coap.jsonBytes !== mqtts.jsonBytes || coap.jsonBytes !== coaps.jsonBytes,
      "the payloads of the transports differ",
    ],
    [
      bytesOf(resumed) >= bytesOf(full),
      "a session that is taken up again took no fewer bytes than a full handshake",
    ],
  ];
  return claims.filter(([isImpossible]) => isImpossible).map(([, what]) => what);
}

export function wireTable(result: WireResult): string {
  const rows = names.flatMap((name) => {
    const found = figuresOf(result, name);
    if (!found) return [];
    const { figures, ratio } = found;
    const { cpuMs, up, down } = figures;
    const bytes = [up, down, totalOf(figures), overheadOf(figures)].map((value) =>
      value.toFixed(0),
    );
    const cpu = result.withCpu ? [`${cpuMs.toFixed(3)} ms`, `${ratio.toFixed(2)} x`] : [];
    return [[labels[name], ...bytes, ...cpu]];
  });
  const cpuHead = result.withCpu ? ["CPU", "ratio"] : [];
  const setUpHead = result.handshakeCpu ? ["CPU", "noise"] : [];
  const setUpRows = (Object.keys(setUps) as (keyof SetUps)[]).map((name) => {
    const { up, down } = result.setUps[name];
    const packets = `${up.packets} + ${down.packets}`;
    const cpu = setUpCpu(result, name);
    return [
      setUps[name],
      ...[up.bytes, down.bytes, bytesOf(result.setUps[name])].map(String),
      packets,
      ...(cpu === null ? [] : [`${cpu.ms.toFixed(2)} ms`, plusMinus(cpu.noise)]),
    ];
  });
  return [
    aligned([["bytes of IP per report", "up", "down", "sum", "overhead", ...cpuHead], ...rows]),
    aligned([
      ["bytes of IP for a session", "up", "down", "sum", "packets", ...setUpHead],
      ...setUpRows,
    ]),
  ].join("\n\n");
}

const aligned = (rows: readonly (readonly string[])[]) =>
  rows
    .map(([name = "", ...rest]) =>
      [name.padEnd(30), ...rest.map((cell) => cell.padStart(9))].join(" ").trimEnd(),
    )
    .join("\n");
