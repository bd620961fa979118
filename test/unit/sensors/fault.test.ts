import { expect, it } from "vitest";
import { AgentError } from "../../../agent/errors.ts";
import { asFault, classify, SensorFault } from "../../../agent/sensors/fault.ts";

const system = (code: string) => Object.assign(new Error(code), { code });

it.each([
  ["ENOENT", "gone"],
  ["ENODEV", "gone"],
  ["ENXIO", "gone"],
  ["EIO", "bus fault"],
  ["ETIMEDOUT", "bus fault"],
  ["EREMOTEIO", "bus fault"],
  ["EAGAIN", "not ready"],
  ["EACCES", "no right"],
  ["EPERM", "no right"],
  ["EISDIR", "bad value"],
])("%s is %s", (code, fault) => {
  expect(classify(system(code))).toBe(fault);
  expect(classify(asFault(system(code), "/f", "i2c-1"))).toBe(fault);
  expect(classify(new AgentError("sensor", "x", { cause: system(code) }))).toBe(fault);
});

it("knows its own and any other sensor's error, and calls nothing else a fault of a sensor", () => {
  expect(classify(new SensorFault("stuck", "x"))).toBe("stuck");
  expect(classify(new AgentError("sensor", "x"))).toBe("bad value");
  expect(classify(new TypeError("x"))).toBeNull();
  expect(classify(system("ERR_INVALID_ARG_TYPE"))).toBeNull();
  expect(classify(new AgentError("storage", "x"))).toBeNull();
});

it.each([
  ["i2c-1", "usermod -aG i2c pipit"],
  ["nvme0", "ls -l /f"],
])("says who may read bus %s", (bus, hint) => {
  expect(asFault(system("EACCES"), "/f", bus)).toMatchObject({
    kind: "sensor",
    message: "/f: EACCES",
    hint: expect.stringContaining(hint),
  });
});
