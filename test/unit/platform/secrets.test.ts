import { expect, it } from "vitest";
import { createSecrets } from "../../../agent/platform/secrets.ts";

it("leaves nothing over of a secret that holds another one, whichever came first", () => {
  for (const order of [
    ["12345678", "12345678-tail"],
    ["12345678-tail", "12345678"],
  ]) {
    const { protect, redact } = createSecrets();
    for (const secret of order) protect(secret);
    expect(redact("a 12345678-tail b 12345678")).toBe("a (secret) b (secret)");
  }
});

it("knows a secret as JSON and a URL spell it", () => {
  const { protect, redact } = createSecrets();
  protect('pa"ss/wörd');
  expect(redact(JSON.stringify({ said: 'pa"ss/wörd' }))).toBe('{"said":"(secret)"}');
  expect(redact(`/api/v1/${encodeURIComponent('pa"ss/wörd')}/telemetry`)).not.toContain("pa%22");
});
