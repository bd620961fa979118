import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  FLAGS,
  GPIO_V2_LINE_ATTR_ID_DEBOUNCE,
  IOCTLS,
  OFFSETS,
  SIZES,
} from "../../agent/platform/gpio-abi.ts";

/** Prints "name value" for every number of ours, as the kernel's own header has it. */
const source = `
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <linux/gpio.h>
#define P(name, value) printf("%s %llu\\n", name, (unsigned long long)(value))
int main(void) {
${Object.keys(SIZES)
  .map((name) => `P("${name}", sizeof(struct ${name}));`)
  .join("\n")}
${Object.keys(OFFSETS)
  .map((name) => `P("${name}", offsetof(struct ${name.replace(".", ", ")}));`)
  .join("\n")}
${[...Object.keys(IOCTLS), ...Object.keys(FLAGS), "GPIO_V2_LINE_ATTR_ID_DEBOUNCE"]
  .map((name) => `P("${name}", (unsigned int)${name});`)
  .join("\n")}
return 0;
}
`;

it("every size, offset, flag and request number is that of linux/gpio.h", () => {
  const folder = mkdtempSync(join(tmpdir(), "pipit-gpio-"));
  try {
    const file = join(folder, "abi.c");
    writeFileSync(file, source);
    execFileSync("cc", ["-Wall", "-Werror", "-o", join(folder, "abi"), file]);
    const lines = execFileSync(join(folder, "abi"), { encoding: "utf8" }).trim().split("\n");
    const kernel = Object.fromEntries(
      lines.map((line) => {
        const [name = "", value = ""] = line.split(" ");
        return [name, BigInt(value)];
      }),
    );
    const ours = { ...SIZES, ...OFFSETS, ...IOCTLS, ...FLAGS, GPIO_V2_LINE_ATTR_ID_DEBOUNCE };
    expect(
      Object.fromEntries(Object.entries(ours).map(([name, value]) => [name, BigInt(value)])),
    ).toEqual(kernel);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
