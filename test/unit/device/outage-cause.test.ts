import { expect, it } from "vitest";
import { CoapError } from "../../../agent/coap/coap-error.ts";
import { type OutageCause, outageCause } from "../../../agent/device/outage-cause.ts";
import { secretNeeded, wrongKey } from "../../../agent/device/refusals.ts";
import { troubleOf } from "../../../agent/device/trouble.ts";
import { AgentError } from "../../../agent/errors.ts";
import { errorOf } from "../../../agent/thingsboard/answer.ts";

const answered = (code: string) =>
  errorOf({ code, payload: new Uint8Array() }) ?? expect.fail(`${code} is no error`);

it.each<[AgentError, OutageCause, string, string]>([
  [new CoapError("resolve", "no such name"), "dns", "dns", "P041"],
  [new CoapError("unreachable", "no route", { errno: "ENETUNREACH" }), "route", "network", "P040"],
  [
    new CoapError("unreachable", "nobody listens", { errno: "ECONNREFUSED" }),
    "route",
    "server",
    "P042",
  ],
  [new CoapError("timeout", "no answer"), "silence", "server", "P042"],
  [new CoapError("reset", "RST"), "reset", "server", "P042"],
  [new CoapError("handshake", "bad certificate"), "handshake", "handshake", "P043"],
  [new CoapError("too large", "4.13"), "other", "server", "P042"],
  [answered("4.01"), "4.01", "token", "P047"],
  [answered("5.00"), "5.xx", "server", "P029"],
  [answered("4.04"), "other", "server", "P042"],
  [wrongKey("no"), "refused", "provisioning", "P022"],
  [secretNeeded(), "refused", "provisioning", "P026"],
  [new AgentError("storage", "ENOSPC"), "storage", "credentials", "P048"],
])("%s: cause %s, named %s %s", (error, cause, name, code) => {
  expect(outageCause(error)).toBe(cause);
  const trouble = troubleOf(error);
  expect(trouble).toMatchObject({ name, code, text: error.message });
  expect(trouble.fix).not.toBe("");
});

it("what the error itself advises comes first", () => {
  const error = new CoapError("resolve", "no such name", { hint: "resolvectl query tb" });
  expect(troubleOf(error).fix).toBe("resolvectl query tb");
});
