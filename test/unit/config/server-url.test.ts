import { describe, expect, it } from "vitest";
import { parseServerUrl, serverId } from "../../../agent/config/server-url.ts";

describe("parseServerUrl", () => {
  it.each([
    ["coap://tb.example.com", "coap", "tb.example.com", 5683],
    ["coap://tb.example.com/", "coap", "tb.example.com", 5683],
    ["coaps://tb.example.com", "coaps", "tb.example.com", 5684],
    ["COAP://TB.Example.COM:7000", "coap", "tb.example.com", 7000],
    ["coap://localhost:1", "coap", "localhost", 1],
    ["coap://10.0.0.5:65535", "coap", "10.0.0.5", 65535],
    ["coap://pi_4.local", "coap", "pi_4.local", 5683],
    ["coap://xn--mller-kva.example", "coap", "xn--mller-kva.example", 5683],
    ["coap://tb.example.com.", "coap", "tb.example.com.", 5683],
    ["coap://[::1]", "coap", "::1", 5683],
    ["coap://[2001:DB8:0:0::1]:5700", "coap", "2001:db8::1", 5700],
    ["coap://[::ffff:10.0.0.5]", "coap", "::ffff:a00:5", 5683],
    ["coap://[fe80::1%25eth0]", "coap", "fe80::1%eth0", 5683],
    ["coap://[fe80::1%eth0]", "coap", "fe80::1%eth0", 5683],
  ])("takes %s apart", (url, scheme, host, port) =>
    expect(parseServerUrl(url)).toEqual({ scheme, host, port }),
  );

  it.each([
    ["", "not a server URL"],
    ["tb.example.com", "not a server URL"],
    ["tb.example.com:5683", "not a server URL"],
    ["http://tb.example.com", "not a server URL"],
    ["coap+tcp://tb.example.com", "not a server URL"],
    ["coap:/tb.example.com", "not a server URL"],
    [" coap://tb.example.com", "not a server URL"],
    ["coap://user:pass@tb.example.com", "a user name does not belong in the URL"],
    ["coap://tb.example.com/api/v1/TOKEN", "a path does not belong in the URL"],
    ["coap://tb.example.com?x", "a path does not belong in the URL"],
    ["coap://tb.example.com#x", "a path does not belong in the URL"],
    ["coap://", "not a host"],
    ["coap://:5683", "not a host"],
    ["coap://tb example.com", "not a host"],
    ["coap://tb..example.com", "not a host"],
    ["coap://-tb.example.com", "not a host"],
    [`coap://${"a".repeat(64)}.example.com`, "not a host"],
    [`coap://${"a.".repeat(130)}com`, "not a host"],
    ["coap://müller.example", "not a host"],
    ["coap://1.2.3", "not a host"],
    ["coap://256.1.1.1", "not a host"],
    ["coap://010.0.0.5", "not a host"],
    ["coap://2001:db8::1", "not a host"],
    ["coap://[2001:db8::1", "not a host"],
    ["coap://[10.0.0.5]", "not a host"],
    ["coap://[::1]x", "not a host"],
    ["coap://tb.example.com:", "not a port"],
    ["coap://tb.example.com:0", "not a port"],
    ["coap://tb.example.com:65536", "not a port"],
    ["coap://tb.example.com:99999999999999999999", "not a port"],
    ["coap://tb.example.com:port", "not a host"],
  ])("refuses %j and says what to write", (url, message) =>
    expect(() => parseServerUrl(url)).toThrow(
      expect.objectContaining({ kind: "config", message, hint: expect.stringMatching(/write/) }),
    ),
  );
});

describe("serverId", () => {
  it("is the same for coap and coaps on one host, so that a later change of scheme keeps the device", () => {
    expect(serverId("coap://TB.example.com")).toBe("tb.example.com");
    expect(serverId("coaps://tb.example.com:5684")).toBe("tb.example.com");
    expect(serverId("coap://tb.example.com:5683/")).toBe("tb.example.com");
  });

  it("keeps a port that is not the scheme's own", () => {
    expect(serverId("coap://tb.example.com:5684")).toBe("tb.example.com:5684");
    expect(serverId("coaps://tb.example.com:5683")).toBe("tb.example.com:5683");
    expect(serverId("coap://[0:0::1]:7000")).toBe("[::1]:7000");
    expect(serverId("coap://[0:0::1]")).toBe("[::1]");
  });
});
