import { expect, it, onTestFinished } from "vitest";
import { type CertificateRequest, makeCertificate } from "../../agent/dtls/make-certificate.ts";
import type { CoapRequest, OwnCertificate } from "../../agent/ports.ts";
import { startSandbox } from "../../agent/sandbox/sandbox.ts";
import { dtlsClient } from "../support/dtls-client.ts";
import { realClient } from "../support/real-client.ts";

/** The sandbox knows devices by their certificates as ThingsBoard does, with what is odd about it. */

const DAY_MS = 86_400_000;

const certificate = (more: Partial<CertificateRequest> = {}) =>
  makeCertificate({
    commonName: "board",
    names: [],
    notBeforeMs: Date.now() - DAY_MS,
    notAfterMs: Date.now() + DAY_MS,
    isAuthority: false,
    issuer: null,
    ...more,
  });

async function sandboxWithBoard() {
  const sandbox = await startSandbox({ httpPort: null, secure: { names: ["localhost"] } });
  onTestFinished(() => sandbox[Symbol.asyncDispose]());
  sandbox.preprovision("board", "boardToken");
  /** A client that shows this certificate, from a port of its own. */
  const showing = (own: OwnCertificate | null) => {
    const { network, connect } = dtlsClient(sandbox.authority ?? "", { own });
    const { ask, watch } = realClient(sandbox.port, { deadlineMs: 1_000 }, network);
    const codeOf = async (
      method: CoapRequest["method"],
      path: string,
      payload?: string,
    ): Promise<string> => {
      const body = payload === undefined ? {} : { payload: new TextEncoder().encode(payload) };
      return (await ask(method, path, body)).code;
    };
    return { codeOf, connect, network, watch };
  };
  const keysOf = (device: string) =>
    Object.keys(sandbox.state().devices[device]?.telemetry.keys ?? {});
  return { sandbox, showing, keysOf };
}

it("a device that is known by its certificate has paths without a token, also to answer an RPC", async () => {
  const { sandbox, showing, keysOf } = await sandboxWithBoard();
  const own = certificate();
  sandbox.setCertificate("board", own.certificate);
  const { codeOf, watch } = showing(own);
  expect(await codeOf("POST", "api/v1/telemetry", '{"a":1}')).toBe("2.01");
  expect(await codeOf("POST", "api/v1/attributes", '{"b":1}')).toBe("2.01");
  expect(await codeOf("GET", "api/v1/telemetry")).toBe("4.00");
  expect(keysOf("board")).toEqual(["a"]);
  const calls = watch("api/v1/rpc");
  await calls.next(({ kind }) => kind === "registered");
  const reply = sandbox.sendRpc("board", { method: "ping", params: {}, oneway: false });
  const call = await calls.next(({ kind }) => kind === "notification");
  if (call.kind !== "notification") throw new Error("no call");
  const { id } = JSON.parse(new TextDecoder().decode(call.response.payload));
  expect(await codeOf("POST", `api/v1/rpc/${id}`, '{"pong":1}')).toBe("2.01");
  expect(await reply).toEqual({ pong: 1 });
});

it("beside a certificate that is known the token in the path is not looked at", async () => {
  const { sandbox, showing, keysOf } = await sandboxWithBoard();
  const own = certificate();
  sandbox.setCertificate("board", own.certificate);
  sandbox.preprovision("another", "anotherToken");
  const { codeOf } = showing(own);
  expect(await codeOf("POST", "api/v1/anotherToken/telemetry", '{"a":1}')).toBe("2.01");
  expect(await codeOf("POST", "api/v1/nobody/telemetry", '{"b":1}')).toBe("2.01");
  expect([keysOf("board"), keysOf("another")]).toEqual([["a", "b"], []]);
});

it("a certificate that nobody knows leaves the token to decide", async () => {
  const { showing } = await sandboxWithBoard();
  for (const own of [null, certificate()]) {
    const { codeOf } = showing(own);
    expect(await codeOf("POST", "api/v1/boardToken/telemetry", '{"a":1}')).toBe("2.01");
    expect(await codeOf("POST", "api/v1/telemetry", '{"a":1}')).toBe("4.01");
  }
});

it("a certificate is looked up in the handshake: one that is entered later counts from the next one on", async () => {
  const { sandbox, showing } = await sandboxWithBoard();
  const own = certificate();
  const early = showing(own);
  await early.connect(sandbox.port);
  const { codeOf, network } = early;
  // Something else than 4.01 has come on this session, so the refusal that follows may be old.
  expect(await codeOf("GET", "api/v1/boardToken/attributes")).toBe("4.04");
  sandbox.setCertificate("board", own.certificate);
  const { handshakes } = network.stats();
  expect(await codeOf("POST", "api/v1/telemetry", '{"a":1}')).toBe("2.01");
  expect(network.stats()).toMatchObject({ handshakes: handshakes + 1, resumed: 0 });
});

it.each([
  ["has expired", { notBeforeMs: 0, notAfterMs: Date.now() - DAY_MS }],
  ["is not valid yet", { notBeforeMs: Date.now() + DAY_MS, notAfterMs: Date.now() + 2 * DAY_MS }],
])("ends the session of a certificate that %s", async (_, validity) => {
  const { sandbox, showing } = await sandboxWithBoard();
  const own = certificate(validity);
  sandbox.setCertificate("board", own.certificate);
  const { codeOf } = showing(own);
  await expect(codeOf("POST", "api/v1/telemetry", '{"a":1}')).rejects.toThrow();
  expect(sandbox.state().counters.dtlsFailures).toBeGreaterThan(0);
});

it("two devices that come one after the other are kept apart", async () => {
  const { sandbox, showing, keysOf } = await sandboxWithBoard();
  sandbox.preprovision("another", "anotherToken");
  for (const [name, key] of [
    ["board", "a"],
    ["another", "b"],
  ] as const) {
    const own = certificate({ commonName: name });
    sandbox.setCertificate(name, own.certificate);
    expect(await showing(own).codeOf("POST", "api/v1/telemetry", `{"${key}":1}`)).toBe("2.01");
  }
  expect([keysOf("board"), keysOf("another")]).toEqual([["a"], ["b"]]);
});
