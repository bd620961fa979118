import { expect, it } from "vitest";
import type { Login } from "../../../agent/credentials.ts";
import {
  decodeProvisionAnswer,
  encodeProvisionRequest,
} from "../../../agent/thingsboard/provision-message.ts";
import { answer } from "../../support/fake-server.ts";

const request = {
  deviceName: "DEVICE_NAME",
  provisionDeviceKey: "PUT_PROVISION_KEY_HERE",
  provisionDeviceSecret: "PUT_PROVISION_SECRET_HERE",
  login: { accessToken: "DEVICE_ACCESS_TOKEN" },
};
const written = (deviceName: string | null, login: Login = request.login) =>
  JSON.parse(new TextDecoder().decode(encodeProvisionRequest({ ...request, deviceName, login })));

it("asks with the five fields of the provisioning document", () => {
  expect(written("DEVICE_NAME")).toEqual({
    deviceName: "DEVICE_NAME",
    provisionDeviceKey: "PUT_PROVISION_KEY_HERE",
    provisionDeviceSecret: "PUT_PROVISION_SECRET_HERE",
    credentialsType: "ACCESS_TOKEN",
    token: "DEVICE_ACCESS_TOKEN",
  });
});

it("sends a certificate in the field named hash, without the frame of PEM", () => {
  const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\nabc=\n-----END CERTIFICATE-----\n";
  const sent = written("DEVICE_NAME", { certificate, key: "of-my-own" });
  expect(sent).toMatchObject({ credentialsType: "X509_CERTIFICATE", hash: "MIIBabc=" });
  expect(sent).not.toHaveProperty("token");
  expect(JSON.stringify(sent)).not.toContain("of-my-own");
});

it("reads the certificate of a success", () => {
  const granted = { credentialsValue: "MIIB abc=", credentialsType: "X509_CERTIFICATE" };
  expect(decodeProvisionAnswer(answer("2.01", { ...granted, status: "SUCCESS" }))).toEqual({
    status: "SUCCESS",
    granted: { certificate: "MIIBabc=" },
  });
});

it("leaves the name out where the server is to make it: null would be answered 4.00", () => {
  expect(written(null)).not.toHaveProperty("deviceName");
});

it("reads the token of a success", () => {
  const body = { credentialsValue: "tok", credentialsType: "ACCESS_TOKEN", status: "SUCCESS" };
  expect(decodeProvisionAnswer(answer("2.01", body))).toEqual({
    status: "SUCCESS",
    granted: { accessToken: "tok" },
  });
});

it.each(["FAILURE", "NOT_FOUND"])("hands the server's own words on with %s", (status) => {
  const decoded = decodeProvisionAnswer(answer("4.00", { errorMsg: "words", status }));
  expect(decoded).toEqual({ status, errorMsg: "words" });
});

it.each<[string, object | undefined, string]>([
  ["an empty 4.00", undefined, "4.00, no body"],
  ["an array", [1], "4.00, the body is not a JSON object"],
  ["another status", { status: "MAYBE" }, '4.00, status "MAYBE"'],
  [
    "credentials of another type",
    { status: "SUCCESS", credentialsType: "MQTT_BASIC", credentialsValue: {} },
    '4.00, credentials of type "MQTT_BASIC"',
  ],
  [
    "an empty token",
    { status: "SUCCESS", credentialsType: "ACCESS_TOKEN", credentialsValue: "" },
    "4.00, credentialsValue is no access token",
  ],
  [
    "a token that fits into no Uri-Path option",
    { status: "SUCCESS", credentialsType: "ACCESS_TOKEN", credentialsValue: "x".repeat(256) },
    "4.00, credentialsValue is no access token",
  ],
])("calls %s unreadable, and says what it was", (_, body, detail) => {
  expect(decodeProvisionAnswer(answer("4.00", body))).toEqual({ status: "unreadable", detail });
});
