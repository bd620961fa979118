import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The layers of docs/architecture.md once more, written apart from biome.json so that each checks the other. */

/** "coap", a folder, or "app.ts", a file in agent/ itself. */
type Part = string;

const core: readonly Part[] = [
  "coap",
  "collectors",
  "config",
  "device",
  "downlink",
  "journal",
  "sensors",
  "telemetry",
  "thingsboard",
];

/** Files in agent/ itself are layer 1, but for the composition root and the entry. */
const layer1: readonly Part[] = readdirSync(join(import.meta.dirname, "../../agent")).filter(
  (name) => name.endsWith(".ts") && name !== "app.ts" && name !== "main.ts",
);

export const parts: readonly Part[] = [
  ...layer1,
  ...core,
  "platform",
  "dtls",
  "sandbox",
  "app.ts",
  "cli",
  "main.ts",
];

/** What a part may import besides itself. "collectors/collector.ts" says what a collector is. */
type Target = string;

const belowL2: readonly Target[] = [...layer1, "config"];
const belowL3: readonly Target[] = [...belowL2, "coap", "thingsboard", "telemetry"];

const mayImport: Readonly<Record<Part, readonly Target[]>> = {
  ...Object.fromEntries(layer1.map((file) => [file, layer1])),
  config: layer1,
  platform: [...layer1, "config"],
  collectors: belowL2,
  journal: belowL2,
  sensors: [...belowL2, "collectors", "collectors/collector.ts"],
  coap: belowL2,
  thingsboard: [...belowL2, "coap"],
  telemetry: [...belowL2, "coap", "thingsboard", "collectors/collector.ts"],
  device: belowL3,
  downlink: belowL3,
  "app.ts": [...layer1, ...core, "collectors/collector.ts"],
  dtls: layer1,
  sandbox: [...layer1, "dtls"],
  cli: [...layer1, ...core, "collectors/collector.ts", "platform", "dtls", "sandbox", "app.ts"],
  "main.ts": ["cli", "errors.ts"],
};

const packages: Readonly<Record<string, readonly Part[]>> = {
  valibot: ["config"],
  "smol-toml": ["config"],
  "coap-packet": [],
  coap: ["sandbox"],
  "node-cron": ["platform"],
  systeminformation: ["platform"],
  // Development tools must not reach the device.
  vitest: [],
  "fast-check": [],
  esbuild: [],
  "not-in-package-json": [],
};

const touchesNode: readonly Part[] = ["platform", "dtls", "sandbox", "cli", "main.ts"];

/** Neither a clock, nor chance, nor a way out. Whatever else this Node has must be denied. */
const pureGlobals = new Set(
  `Object Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Promise RegExp
  Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError DOMException
  QuotaExceededError JSON Math ArrayBuffer SharedArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array
  Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array Buffer Blob
  Map Set WeakMap WeakSet BigInt Iterator Proxy Reflect DisposableStack AsyncDisposableStack
  decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN atob btoa
  URL URLSearchParams URLPattern AbortController AbortSignal EventTarget FormData Headers TextEncoder TextDecoder
  queueMicrotask structuredClone
  TransformStream TransformStreamDefaultController WritableStream WritableStreamDefaultController
  WritableStreamDefaultWriter ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader
  ReadableStreamBYOBRequest ReadableByteStreamController ReadableStreamDefaultController ByteLengthQueuingStrategy
  CountQueuingStrategy TextEncoderStream TextDecoderStream CompressionStream DecompressionStream`.split(
    /\s+/,
  ),
);

export interface Plant {
  readonly from: Part;
  readonly code: string;
  /** The rules that must report it; none when it is allowed. */
  readonly rules: readonly string[];
}

const isFolder = (part: Part): boolean => !part.endsWith(".ts");
const isCore = (part: Part): boolean => !touchesNode.includes(part);

const pathOf = (from: Part, to: Target): string => {
  const file = to.endsWith(".ts") ? to : `${to}/planted-target.ts`;
  return `${isFolder(from) ? ".." : "."}/${file}`;
};

/** One import for every ordered pair. */
export const plantedImports = (): Plant[] =>
  parts.flatMap((from): Plant[] => {
    const targets: Target[] = [...parts, "collectors/collector.ts"];
    return targets
      .filter((to) => to !== from && !to.startsWith(`${from}/`))
      .map((to) => ({
        from,
        code: `export * from "${pathOf(from, to)}";`,
        rules: mayImport[from]?.includes(to) ? [] : ["noRestrictedImports"],
      }));
  });

/** One forbidden path in every way of writing an import, and the ways around a path. */
export function plantedDialects(): Plant[] {
  const path = "../telemetry/outbox.ts";
  const restricted = (code: string): Plant => ({
    from: "coap",
    code,
    rules: ["noRestrictedImports"],
  });
  const hidden = (code: string): Plant => ({ from: "coap", code, rules: ["plugin"] });
  return [
    { from: "coap", code: `export * from "./planted-neighbour.ts";`, rules: [] },
    {
      from: "coap",
      code: `export const load = () => import("./planted-neighbour.ts");`,
      rules: [],
    },
    restricted(`import { x } from "${path}"; export const y = x;`),
    restricted(`import * as x from "${path}"; export const y = x;`),
    restricted(`import type { X } from "${path}"; export type Y = X;`),
    restricted(`import { type X } from "${path}"; export type Y = X;`),
    restricted(`import "${path}";`),
    restricted(`export { x } from "${path}";`),
    restricted(`export type { X } from "${path}";`),
    restricted(`export const load = () => import("${path}");`),
    restricted(`import x = require("${path}"); export const y = x;`),
    restricted(`export * from "./../telemetry/outbox.ts";`),
    restricted(`export * from "./folder/../../telemetry/outbox.ts";`),
    restricted(`export * from "../config/../telemetry/outbox.ts";`),
    restricted(`export * from "/agent/telemetry/outbox.ts";`),
    restricted(`export * from "../../test/support/recording-log.ts";`),
    hidden("export const load = () => import(`../telemetry/outbox.ts`);"),
    hidden(`export const load = () => import("../telemetry" + "/outbox.ts");`),
    hidden("export const load = (path: string) => import(path);"),
    hidden(`export type Y = import("${path}").X;`),
    { from: "coap", code: `export const y = require("${path}");`, rules: ["noRestrictedGlobals"] },
    {
      from: "coap",
      code: `export const y = module.require("${path}");`,
      rules: ["noRestrictedGlobals"],
    },
    {
      from: "cli",
      code: `export * from "../../test/support/recording-log.ts";`,
      rules: ["noRestrictedImports"],
    },
    { from: "cli", code: `export * from "../../build/build.ts";`, rules: ["noRestrictedImports"] },
    {
      from: "platform",
      code: `export * from "../../test/support/recording-log.ts";`,
      rules: ["noRestrictedImports"],
    },
    {
      from: "platform",
      code: `export * from "./../telemetry/outbox.ts";`,
      rules: ["noRestrictedImports"],
    },
  ];
}

/** npm packages and Node's own modules, each in every part. */
export const plantedModules = (): Plant[] =>
  parts.flatMap((from): Plant[] => [
    ...Object.entries(packages).map(([name, users]) => ({
      from,
      code: `export * from "${name}";`,
      rules: rulesForPackage(from, users),
    })),
    ...["node:fs", "node:fs/promises", "node:dgram", "node:process", "node:timers"].map((name) => ({
      from,
      code: `export * from "${name}";`,
      rules: isCore(from) ? ["noNodejsModules", "noRestrictedImports"] : [],
    })),
  ]);

function rulesForPackage(from: Part, users: readonly Part[]): string[] {
  if (users.includes(from)) return [];
  // platform/ may take any package that is meant for the device and is not somebody else's.
  if (from === "platform" && users.length === 0) return ["noUndeclaredDependencies"];
  return ["noRestrictedImports"];
}

/** Every global that is not pure, in every part of the core; a new Node's new ways out fail here. */
export const plantedGlobals = (globals: readonly string[]): Plant[] =>
  parts.filter(isCore).flatMap((from) => [
    ...globals.map((name) => ({
      from,
      code: `export const planted = () => ${name};`,
      rules: pureGlobals.has(name) ? [] : ["noRestrictedGlobals"],
    })),
    { from, code: "export type Planted = Date;", rules: ["noRestrictedGlobals"] },
    ...["Math.random()", "AbortSignal.timeout(1)"].map((call) => ({
      from,
      code: `export const planted = () => ${call};`,
      rules: ["noJsRestrictedProperties"],
    })),
  ]);

/** The core may not even see the process; elsewhere only main.ts ends it. */
const endingTheProcess = (from: Part): readonly string[] => {
  if (from === "main.ts") return [];
  return isCore(from) ? ["noRestrictedGlobals"] : ["noJsRestrictedProperties"];
};

/** Rules that hold in all of agent/. */
export const plantedHouseRules = (): Plant[] =>
  parts.flatMap((from) => [
    {
      from,
      code: "export const planted = () => process.exit(1);",
      rules: endingTheProcess(from),
    },
    { from, code: `export const planted = () => console.log("x");`, rules: ["noConsole"] },
    {
      from,
      code: "export const planted = (x: unknown) => x as unknown as string;",
      rules: ["plugin"],
    },
    { from, code: "export const planted = (x: any) => x;", rules: ["noExplicitAny"] },
    { from, code: "export const planted = (x?: string) => x!;", rules: ["noNonNullAssertion"] },
    { from, code: "export default 1;", rules: ["noDefaultExport"] },
    {
      from,
      code: "export const planted = () => { try { JSON.parse(''); } catch { /* fine */ } };",
      rules: ["plugin"],
    },
    {
      from,
      code: "export const planted = (task: () => Promise<void>) => { task(); };",
      rules: ["noFloatingPromises"],
    },
  ]);
