import type { CoapRequest, CoapResponse, Transport } from "../../agent/ports.ts";

export type Answer = CoapResponse | Error;

export const answer = (code: string, body?: object): CoapResponse => ({
  code,
  payload: new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body)),
});

export const textOf = (request: CoapRequest): string =>
  new TextDecoder().decode(request.payload ?? new Uint8Array());

export interface FakeServer {
  readonly transport: Transport;
  readonly requests: readonly CoapRequest[];
  /** "POST provision", "GET attributes", "POST telemetry": what was asked, without tokens. */
  asked(): readonly string[];
}

/** The `Transport` port with a server behind it that is one function: no bytes, no network, no time. */
export function fakeServer(
  respond: (request: CoapRequest, index: number) => Answer | Promise<Answer>,
): FakeServer {
  const requests: CoapRequest[] = [];
  const transport: Transport = {
    async request(request, signal) {
      signal.throwIfAborted();
      requests.push(request);
      const result = await respond(request, requests.length - 1);
      if (result instanceof Error) throw result;
      return result;
    },
    async *observe() {},
    ping: async () => 1,
    [Symbol.asyncDispose]: async () => {},
  };
  return {
    transport,
    requests,
    asked: () => requests.map(({ method, path }) => `${method} ${path.at(-1)}`),
  };
}

/** A ThingsBoard that keeps devices by name, strategy ALLOW_CREATE_NEW_DEVICES; key "k", secret "s". */
export function fakeThingsBoard() {
  const devices = new Map<string, string>();
  const telemetry: string[] = [];
  /** Called before an answer leaves: throwing loses it after the deed is done. */
  const hooks = { beforeAnswer: (_asked: string): void => {} };

  const provision = (request: CoapRequest): CoapResponse => {
    const body: Record<string, string> = JSON.parse(textOf(request));
    const { deviceName = "", provisionDeviceKey, provisionDeviceSecret, token = "" } = body;
    if (provisionDeviceKey !== "k" || provisionDeviceSecret !== "s") {
      return answer("4.00", { errorMsg: "Provision data was not found!", status: "NOT_FOUND" });
    }
    if (devices.has(deviceName) || [...devices.values()].includes(token)) {
      return answer("4.00", { errorMsg: "Failed to provision device!", status: "FAILURE" });
    }
    devices.set(deviceName, token);
    return answer("2.01", {
      credentialsValue: token,
      credentialsType: "ACCESS_TOKEN",
      status: "SUCCESS",
    });
  };
  const route = (request: CoapRequest): CoapResponse => {
    const feature = request.path.at(-1);
    if (feature === "provision") return provision(request);
    if (![...devices.values()].includes(request.path[2] ?? "")) return answer("4.01");
    if (feature === "attributes") return answer("4.04");
    telemetry.push(textOf(request));
    return answer("2.01");
  };
  const server = fakeServer((request) => {
    const response = route(request);
    hooks.beforeAnswer(`${request.method} ${request.path.at(-1)}`);
    return response;
  });
  return { ...server, devices, telemetry, hooks };
}
