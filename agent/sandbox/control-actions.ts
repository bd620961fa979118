import { AgentError } from "../errors.ts";
import type { Json } from "../ports.ts";
import { type Faults, parseFaults } from "./faults.ts";
import type { Operator } from "./operator.ts";
import type { SandboxState } from "./state.ts";
import { LONGEST_MS } from "./times.ts";

/** The part of the sandbox that HTTP reaches. */
export interface Controlled extends Operator {
  state(): SandboxState;
  setFaults(faults: Partial<Faults>): void;
  restart(): void;
  outage(ms: number): void;
}

type Body = Readonly<Record<string, Json>>;

/** Resolves to the JSON to answer, or to nothing for `{"ok":true}`. */
export type Action = (sandbox: Controlled, body: Body) => Promise<unknown> | unknown;

/** POST path -> what it does. */
export const actions: Readonly<Record<string, Action>> = {
  "/faults": (sandbox, body) => {
    sandbox.setFaults(parseFaults(body));
    return sandbox.state().faults;
  },
  "/revoke": (sandbox, body) => sandbox.revoke(textOf(body, "device")),
  "/delete": (sandbox, body) => sandbox.deleteDevice(textOf(body, "device")),
  "/restart": (sandbox) => sandbox.restart(),
  "/outage": (sandbox, body) => {
    if (typeof body["on"] === "boolean") return sandbox.setFaults({ outage: body["on"] });
    return sandbox.outage(durationOf(body, "ms"));
  },
  "/attributes": (sandbox, body) => {
    const device = textOf(body, "device");
    const { set, deleted } = { set: body["set"], deleted: body["delete"] };
    if (set === undefined && deleted === undefined) {
      throw new AgentError("config", 'give "set": {key: value} or "delete": [key]');
    }
    if (set !== undefined) sandbox.setSharedAttributes(device, objectOf(set, "set"));
    if (deleted !== undefined) sandbox.deleteSharedAttributes(device, keysOf(deleted));
    return sandbox.state().devices[device]?.attributes;
  },
  "/rpc": async (sandbox, body) => {
    const { params, oneway } = { params: body["params"] ?? null, oneway: body["oneway"] === true };
    const timeoutMs =
      body["timeoutMs"] === undefined ? {} : { timeoutMs: durationOf(body, "timeoutMs") };
    const call = { method: textOf(body, "method"), params, oneway, ...timeoutMs };
    return { reply: await sandbox.sendRpc(textOf(body, "device"), call) };
  },
  "/devices": (sandbox, body) => {
    const token = body["token"] === undefined ? undefined : textOf(body, "token");
    return { token: sandbox.preprovision(textOf(body, "device"), token) };
  },
};

function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "") return value;
  throw new AgentError("config", `"${name}" is missing`, { hint: `send {"${name}": "…"}` });
}

function durationOf(body: Body, name: string): number {
  const value = body[name];
  if (typeof value === "number" && value >= 0 && value <= LONGEST_MS) return value;
  throw new AgentError("config", `"${name}" is a number of milliseconds up to ${LONGEST_MS}`);
}

function objectOf(value: Json, name: string): Body {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
  throw new AgentError("config", `"${name}" is a JSON object`);
}

function keysOf(value: Json): readonly string[] {
  if (Array.isArray(value) && value.every((key) => typeof key === "string")) return value;
  throw new AgentError("config", '"delete" is a list of keys');
}
