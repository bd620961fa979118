import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeAttributes } from "../../../agent/thingsboard/attributes.ts";

const sent = (readings: Parameters<typeof encodeAttributes>[0]) => {
  const { payload } = encodeAttributes(readings);
  return payload && new TextDecoder().decode(payload);
};

it("is one flat object, without a time around it", () => {
  expect(sent({ osName: "Debian GNU/Linux", diskSizeGb: 32, virtual: false })).toBe(
    '{"osName":"Debian GNU/Linux","diskSizeGb":32,"virtual":false}',
  );
});

it("keeps a serial number of digits a text: the server would drop its zeros", () => {
  expect(sent({ hardwareId: "0000000012345678", osVersion: "13.10" })).toBe(
    '{"hardwareId":"v0000000012345678","osVersion":"v13.10"}',
  );
});

it("names what cannot be sent, and sends the rest", () => {
  const { refused } = encodeAttributes({ ts: 1, "a b": 2, kernel: "6.12" });
  expect(refused.map(({ key }) => key)).toEqual(["ts", "a b"]);
  expect(sent({ ts: 1, kernel: "6.12-rpi" })).toBe('{"kernel":"6.12-rpi"}');
  expect(sent({ ts: 1 })).toBeNull();
  expect(sent({})).toBeNull(); // {} is answered 2.01 and stored nowhere
});

it("any texts come out of the JSON as they went in, but for the v", () => {
  const name = fc
    .stringMatching(/^[a-z][A-Za-z0-9]{0,20}$/)
    .filter((key) => key !== "ts" && key !== "values");
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), (readings) => {
      const text = sent(readings);
      const back: Record<string, string> = JSON.parse(text ?? "{}");
      expect(Object.keys(back)).toEqual(Object.keys(readings));
      for (const [key, value] of Object.entries(readings))
        expect([value, `v${value}`]).toContain(back[key]);
    }),
  );
});
