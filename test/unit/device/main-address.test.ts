import fc from "fast-check";
import { expect, it } from "vitest";
import { defaultInterface, mainAddress } from "../../../agent/device/main-address.ts";

const HEADER =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const route = (name: string, destination: string, metric: number, mask: string) =>
  `${name}\t${destination}\t0101A8C0\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;
const at = (name: string, address: string) => ({ name, address, mac: `mac of ${name}` });

it("finds the interface of the default route, the one of lowest metric", () => {
  const text =
    HEADER +
    route("eth0", "0001A8C0", 0, "00FFFFFF") +
    route("wlan0", "00000000", 600, "00000000") +
    route("eth0", "00000000", 100, "00000000") +
    route("tun0", "00000000", 50, "00000080"); // 0.0.0.0/1 of a VPN is none
  expect(defaultInterface(text)).toBe("eth0");
  expect(defaultInterface(HEADER)).toBeNull();
  expect(defaultInterface("")).toBeNull();
});

it("reads any text as routes without an error", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(defaultInterface(HEADER + text)).toSatisfy((name) => name === null || name !== "");
    }),
  );
});

it.each<[string, readonly { name: string; address: string; mac: string }[], string | undefined]>([
  ["the one of the default route", [at("eth0", "10.0.0.2"), at("wlan0", "10.1.0.2")], "10.1.0.2"],
  ["IPv4 before IPv6", [at("wlan0", "2001:db8::1"), at("wlan0", "10.1.0.2")], "10.1.0.2"],
  ["IPv6 where there is no other", [at("wlan0", "2001:db8::1")], "2001:db8::1"],
  ["another interface's, when that one has none", [at("eth0", "10.0.0.2")], "10.0.0.2"],
  [
    "none that an interface gave itself",
    [at("wlan0", "169.254.3.4"), at("wlan0", "fe80::1")],
    undefined,
  ],
  ["none without an interface", [], undefined],
])("the main address is %s", (_, addresses, expected) => {
  expect(mainAddress(addresses, "wlan0")?.address).toBe(expected);
});
