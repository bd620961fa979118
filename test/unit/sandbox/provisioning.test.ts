import { describe, expect, test } from "vitest";
import { createDevices, type Strategy } from "../../../agent/sandbox/devices.ts";
import { parseProvisionRequest } from "../../../agent/sandbox/provision-request.ts";
import { createProvisioning, provisionBody } from "../../../agent/sandbox/provisioning.ts";

const valid = { provisionDeviceKey: "k", provisionDeviceSecret: "s" };

function open(strategy: Strategy = "ALLOW_CREATE_NEW_DEVICES") {
  const limits = { mostKeys: 1, keepPoints: 1, rememberTimestamps: 1, rememberSamples: 1 };
  const devices = createDevices({ ...limits, mostDevices: 3 });
  const profile = { name: "boards", key: "k", secret: "s", strategy };
  let made = 0;
  const provision = createProvisioning({
    profiles: [profile],
    devices,
    randomName: () => `made${++made}`,
  });
  const ask = (fields: object) => {
    const request = parseProvisionRequest(JSON.stringify({ ...valid, ...fields }));
    return request ? provision(request) : null;
  };
  return { devices, profile, ask };
}

describe("a provision request", () => {
  test.each<[string, object]>([
    ["a missing key", { provisionDeviceKey: undefined }],
    ["a missing secret", { provisionDeviceSecret: undefined }],
    ["a null field", { token: null }],
    ["an object for a field", { deviceName: {} }],
    ["an array for a field", { deviceName: ["a"] }],
    ["an unknown credentialsType", { credentialsType: "PSK" }],
    ["a credentialsType in small letters", { credentialsType: "access_token" }],
  ])("with %s is answered 4.00 without a body", (_name, fields) => {
    expect(open().ask(fields)).toBeNull();
  });

  test.each(["", "5", "[]", "{", '"text"', "null"])("that reads %s is none", (body) => {
    expect(parseProvisionRequest(body)).toBeNull();
  });

  test("takes numbers and booleans by their text, trims the name, ignores what it does not know", () => {
    const text =
      '{"provisionDeviceKey":1.0,"provisionDeviceSecret":true,"deviceName":" a ","x":null,"gateway":"true"}';
    expect(parseProvisionRequest(text)).toMatchObject({
      key: "1.0",
      secret: "true",
      deviceName: "a",
      credentialsType: "ACCESS_TOKEN",
      gateway: true,
    });
  });
});

describe("the strategy that creates devices", () => {
  test("makes a name and a token where none is given", () => {
    const { ask, devices } = open();
    expect(ask({ deviceName: "" })?.status).toBe("SUCCESS");
    expect(devices.all().map(({ name }) => name)).toEqual(["made2"]);
    expect(devices.byAccessToken("made1")?.provisioned).toBe(true);
  });

  test("fails for a name of blanks, a taken name and a taken token, and creates nothing", () => {
    const { ask, devices } = open();
    expect(ask({ deviceName: "a", token: "t" })?.status).toBe("SUCCESS");
    expect(ask({ deviceName: "   " })?.status).toBe("FAILURE");
    expect(ask({ deviceName: "a" })?.status).toBe("FAILURE");
    expect(ask({ deviceName: "b", token: "t" })?.status).toBe("FAILURE");
    expect(ask({ deviceName: "c", token: "tab\there" })?.status).toBe("FAILURE");
    expect(devices.all().map(({ name }) => name)).toEqual(["a"]);
  });

  test("fails when the tenant has as many devices as it may have", () => {
    const { ask } = open();
    expect([1, 2, 3, 4].map(() => ask({})?.status)).toEqual([
      ...["SUCCESS", "SUCCESS", "SUCCESS"],
      "FAILURE",
    ]);
  });

  test.each<[string, object, unknown]>([
    ["an access token without one", { username: "u" }, "FAILURE"],
    ["X.509 without anything", { credentialsType: "X509_CERTIFICATE" }, "ACCESS_TOKEN"],
    ["X.509 with a token instead", { credentialsType: "X509_CERTIFICATE", token: "t" }, "FAILURE"],
    ["X.509", { credentialsType: "X509_CERTIFICATE", hash: "h" }, "X509_CERTIFICATE"],
    ["MQTT_BASIC with a token instead", { credentialsType: "MQTT_BASIC", token: "t" }, "FAILURE"],
    ["MQTT_BASIC", { credentialsType: "MQTT_BASIC", username: "u" }, "MQTT_BASIC"],
    ["LwM2M without anything", { credentialsType: "LWM2M_CREDENTIALS" }, "ACCESS_TOKEN"],
    ["LwM2M with a token", { credentialsType: "LWM2M_CREDENTIALS", token: "t" }, "FAILURE"],
  ])("treats %s as ThingsBoard does", (_name, fields, expected) => {
    const result = open().ask({ deviceName: "a", ...fields });
    expect(result?.status === "SUCCESS" ? result.credentials.type : result?.status).toBe(expected);
  });

  test("keeps the text of a certificate without its frame and line ends", () => {
    const hash = "-----BEGIN CERTIFICATE-----\nMIIB\nAgMB\n-----END CERTIFICATE-----\n";
    const result = open().ask({ credentialsType: "X509_CERTIFICATE", hash });
    expect(result && result.status === "SUCCESS" && result.credentials.id).toBe("MIIBAgMB");
  });
});

describe("the strategy for devices that exist already", () => {
  test("hands over their own token, once", () => {
    const { ask, devices, profile } = open("CHECK_PRE_PROVISIONED_DEVICES");
    const credentials = { type: "ACCESS_TOKEN", id: "own" } as const;
    devices.create({ name: "pre1", profile, credentials, provisioned: false });
    expect(ask({ deviceName: "pre1", token: "mine" })).toMatchObject({
      status: "SUCCESS",
      credentials: { id: "own" },
    });
    expect(ask({ deviceName: "pre1" })?.status).toBe("FAILURE");
  });

  test("fails for an unknown name, no name, and a device of another profile", () => {
    const { ask, devices, profile } = open("CHECK_PRE_PROVISIONED_DEVICES");
    const credentials = { type: "ACCESS_TOKEN", id: "own" } as const;
    const other = { ...profile, name: "other" };
    devices.create({ name: "theirs", profile: other, credentials, provisioned: false });
    for (const fields of [{ deviceName: "nobody" }, {}, { deviceName: "theirs" }]) {
      expect(ask(fields)?.status).toBe("FAILURE");
    }
  });
});

test("a key that is empty, wrong or of a disabled profile is not found, and a wrong secret too", () => {
  for (const fields of [
    { provisionDeviceKey: "" },
    { provisionDeviceSecret: "" },
    { provisionDeviceKey: "other" },
    { provisionDeviceSecret: "other" },
  ]) {
    expect(open().ask(fields)?.status).toBe("NOT_FOUND");
  }
  expect(open("DISABLED").ask({})?.status).toBe("NOT_FOUND");
});

test("the X.509 chain strategy is never answered by ThingsBoard's core", () => {
  expect(open("X509_CERTIFICATE_CHAIN").ask({})?.status).toBe("UNANSWERED");
});

test("the answers have their members in ThingsBoard's order", () => {
  const type = "MQTT_BASIC";
  const credentials = { type, id: "c|u", clientId: "c", userName: "u", password: "p" } as const;
  expect(provisionBody({ status: "SUCCESS", deviceName: "a", credentials })).toBe(
    '{"credentialsValue":{"clientId":"c","userName":"u","password":"p"},"credentialsType":"MQTT_BASIC","status":"SUCCESS"}',
  );
  expect(provisionBody({ status: "NOT_FOUND" })).toBe(
    '{"errorMsg":"Provision data was not found!","status":"NOT_FOUND"}',
  );
});
