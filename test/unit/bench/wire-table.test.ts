import { describe, expect, it } from "vitest";
import {
  figuresOf,
  impossibleIn,
  type Name,
  type SetUps,
  type WireFigures,
  type WireResult,
  wireTable,
} from "../../bench/wire-table.ts";

const json = { jsonBytes: 244, messageBytes: 296 };
const coap: WireFigures = { cpuMs: 1, up: 324, down: 40, ...json };
const coaps: WireFigures = { cpuMs: 1.5, up: 361, down: 77, ...json };
const mqtts: WireFigures = { cpuMs: 2, up: 400, down: 78, ...json };
const window = {
  floor: { ...coap, cpuMs: 0.5 },
  pipitCoap: { ...coap, cpuMs: 3 },
  pipitCoaps: { ...coaps, cpuMs: 4 },
  coap,
  coaps,
  mqtts,
};
const setUps: SetUps = {
  full: { up: { bytes: 619, packets: 3 }, down: { bytes: 1027, packets: 3 } },
  resumed: { up: { bytes: 630, packets: 3 }, down: { bytes: 187, packets: 2 } },
  mqtts: { up: { bytes: 888, packets: 7 }, down: { bytes: 1682, packets: 5 } },
};
const result = (change: Partial<Record<Name, Partial<WireFigures>>> = {}): WireResult => {
  const changed = Object.entries(window).map(([name, figures]) => [
    name,
    { ...figures, ...change[name as Name] },
  ]);
  return { windows: [Object.fromEntries(changed)], setUps, withCpu: true, handshakeCpu: null };
};

describe("the bytes on the wire", () => {
  it("are what they can be", () => {
    expect(impossibleIn(result())).toEqual([]);
  });

  it.each<[string, WireResult, RegExp]>([
    ["a count that is not message, UDP and IP", result({ coap: { up: 325 } }), /counted 325 B/],
    ["CoAPS as short as CoAP", result({ coaps: { up: 324 } }), /CoAPS took no more/],
    ["an answer of CoAPS as short", result({ coaps: { down: 40 } }), /CoAPS took no more/],
    ["Pipit as short by coaps://", result({ pipitCoaps: coap }), /Pipit took no more/],
    ["MQTT without its headers", result({ mqtts: { up: 284 } }), /fewer bytes than payload/],
    ["another payload", result({ mqtts: { jsonBytes: 200 } }), /payloads of the transports/],
    [
      "a session that costs as much again",
      { ...result(), setUps: { ...setUps, resumed: setUps.full } },
      /taken up again took no fewer/,
    ],
  ])("cannot be: %s", (_what, impossible, said) => {
    const found = impossibleIn(impossible);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(said);
  });

  it("want every transport measured", () => {
    const { coap: _, ...rest } = window;
    expect(() =>
      impossibleIn({ windows: [rest], setUps, withCpu: true, handshakeCpu: null }),
    ).toThrow("transport only, CoAP was not measured");
  });

  it("are the mean of the windows, and the processor time and its ratio are medians", () => {
    const [first, second, third] = [
      result({ coap: { cpuMs: 9, up: 320 } }),
      result({ coap: { cpuMs: 2, up: 326 } }),
      result({ coap: { cpuMs: 1 } }),
    ];
    const windows = [...first.windows, ...second.windows, ...third.windows];
    expect(figuresOf({ windows, setUps, withCpu: true, handshakeCpu: null }, "coap")).toEqual({
      figures: { ...coap, cpuMs: 2, up: (320 + 326 + 324) / 3 },
      ratio: 4,
      noise: 3.5,
    });
  });

  it("are shown with what is not payload, and with the processor time where it was measured", () => {
    expect(wireTable(result())).toMatchInlineSnapshot(`
      "bytes of IP per report                up      down       sum  overhead       CPU     ratio
      C floor                              324        40       364       120  0.500 ms    1.00 x
      pipit, coap://                       324        40       364       120  3.000 ms    6.00 x
      pipit, coaps://                      361        77       438       194  4.000 ms    8.00 x
      transport only, CoAP                 324        40       364       120  1.000 ms    2.00 x
      transport only, CoAPS                361        77       438       194  1.500 ms    3.00 x
      transport only, MQTT over TLS        400        78       478       234  2.000 ms    4.00 x

      bytes of IP for a session             up      down       sum   packets
      CoAPS, full handshake                619      1027      1646     3 + 3
      CoAPS, session taken up again        630       187       817     3 + 2
      MQTT: TCP, TLS 1.3, CONNECT          888      1682      2570     7 + 5"
    `);
    const { floor: _, ...rest } = window;
    expect(wireTable({ windows: [rest], setUps, withCpu: false, handshakeCpu: null })).not.toMatch(
      /ms|ratio/,
    );
  });
});
