import { expect, it } from "vitest";
import { createDeviceApi } from "../../../agent/thingsboard/device-api.ts";
import { answer, fakeServer } from "../../support/fake-server.ts";

const never = new AbortController().signal;
const api = (code: string, body?: object) => createDeviceApi(fakeServer(() => answer(code, body)));

it.each<[string, string, boolean]>([
  ["2.05", "-", true],
  ["4.04", "4.01", true],
  ["4.01", "-", false],
])(
  "takes %s to a probe, and %s to one with an unknown token, for valid: %s",
  async (known, unknown, valid) => {
    const server = fakeServer(({ path }) => answer(path[2] === "t" ? known : unknown));
    expect(await createDeviceApi(server).isKnown({ accessToken: "t" }, never)).toBe(valid);
  },
);

it.each(["4.04", "2.05", "5.00"])(
  "takes 4.04 for no verdict when an unknown token gets %s",
  async (unknown) => {
    const server = fakeServer(({ path }) => answer(path[2] === "t" ? "4.04" : unknown));
    await expect(
      createDeviceApi(server).isKnown({ accessToken: "t" }, never),
    ).rejects.toMatchObject({
      kind: "transient",
      hint: expect.stringContaining("ThingsBoard"),
    });
  },
);

it("a probe that is told to wait is no verdict, whichever of the two it is", async () => {
  const limited = { ...answer("4.29"), maxAge: 7 };
  for (const login of [{ accessToken: "t" }, { certificate: "c", key: null }]) {
    const server = fakeServer((_request, index) => (index === 0 ? answer("4.04") : limited));
    await expect(createDeviceApi(server).isKnown(login, never)).rejects.toMatchObject({
      retryAfterMs: 7_000,
    });
  }
});

it.each(["5.00", "4.05", "4.00", "2.01"])(
  "takes %s to a probe for no verdict at all",
  async (code) => {
    await expect(api(code).isKnown({ accessToken: "t" }, never)).rejects.toThrow();
  },
);

it.each<[string, string]>([
  ["4.01", "unauthorized"],
  ["4.00", "rejected"],
  ["4.13", "rejected"],
  ["4.02", "rejected"],
  ["4.08", "transient"],
  ["4.15", "rejected"],
  ["4.04", "transient"],
  ["5.00", "transient"],
  ["5.03", "transient"],
])("turns %s to telemetry into the kind %s", async (code, kind) => {
  await expect(
    api(code).publishTelemetry({ accessToken: "t" }, new Uint8Array(2), never),
  ).rejects.toMatchObject({
    kind,
  });
});

it.each<[string, number | undefined, number | undefined]>([
  ["4.29", 5, 5_000],
  ["4.29", undefined, 60_000],
  ["4.29", 0, 0],
  ["5.03", 30, 30_000],
  ["5.03", undefined, undefined],
  ["5.03", 4_294_967_295, 3_600_000],
  ["5.00", 30, undefined],
])("%s with Max-Age %s asks to be left alone for %s ms", async (code, maxAge, retryAfterMs) => {
  const response = maxAge === undefined ? answer(code) : { ...answer(code), maxAge };
  const limited = createDeviceApi(fakeServer(() => response));
  await expect(
    limited.publishTelemetry({ accessToken: "t" }, new Uint8Array(2), never),
  ).rejects.toMatchObject({ kind: "transient", code: "P029", retryAfterMs });
});

it("takes any 2.xx to telemetry for delivered", async () => {
  await api("2.01").publishTelemetry({ accessToken: "t" }, new Uint8Array(2), never);
  await api("2.04").publishTelemetry({ accessToken: "t" }, new Uint8Array(2), never);
});

it("reads the refusal inside a 4.00 to a provisioning request", async () => {
  const refusal = { errorMsg: "Failed to provision device!", status: "FAILURE" };
  const request = {
    deviceName: null,
    provisionDeviceKey: "k",
    provisionDeviceSecret: "s",
    login: { accessToken: "t" },
  };
  expect(await api("4.00", refusal).provision(request, never)).toEqual({
    status: "FAILURE",
    errorMsg: "Failed to provision device!",
  });
  await expect(api("5.00").provision(request, never)).rejects.toMatchObject({ kind: "transient" });
});

it("gives the token a path segment of its own, slashes and all", async () => {
  const server = fakeServer(() => answer("2.01"));
  await createDeviceApi(server).publishTelemetry({ accessToken: "a/b" }, new Uint8Array(2), never);
  expect(server.requests[0]?.path).toEqual(["api", "v1", "a/b", "telemetry"]);
});

it("posts client attributes as JSON to the device's own path", async () => {
  const server = fakeServer(() => answer("2.01"));
  const payload = new TextEncoder().encode('{"kernel":"6.12"}');
  await createDeviceApi(server).publishAttributes({ accessToken: "a/b" }, payload, never);
  expect(server.requests).toEqual([
    {
      method: "POST",
      path: ["api", "v1", "a/b", "attributes"],
      own: null,
      payload,
      contentFormat: 50,
    },
  ]);
});

it.each<[string, string]>([
  ["4.01", "unauthorized"],
  ["4.00", "rejected"],
  ["5.00", "transient"],
])("turns %s to attributes into the kind %s", async (code, kind) => {
  await expect(
    api(code).publishAttributes({ accessToken: "t" }, new Uint8Array(2), never),
  ).rejects.toMatchObject({
    kind,
  });
});
