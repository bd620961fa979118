import { join } from "node:path";
import { expect, it } from "vitest";
import type { Host } from "../../../agent/ports.ts";
import { missingBusHints, suggestToml } from "../../../agent/sensors/suggest.ts";
import { fixtures } from "../../fixtures/make-fixtures.ts";
import { faultySensors } from "../../fixtures/sensor-boards.ts";
import { fixtureHost } from "../../support/fixtures.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { channelsOf, failing, hanging, listing, treeHost, withFiles } from "./rig.ts";

const golden = (name: string) => join(import.meta.dirname, "../../golden", `sensors-${name}.txt`);

it.each([
  ["pi3", fixtures.pi3],
  ["pi4", fixtures.pi4],
  ["pi5", fixtures.pi5],
  ["zero2w", fixtures.zero2w],
  ["x64", fixtures.x64],
] as const)("finds and reads what is on the %s", async (name, tree) => {
  const host = treeHost(tree);
  const channels = await channelsOf(host);
  const text = [
    await listing(channels, virtualClock()),
    ...(await missingBusHints(host)).map((hint) => `${hint}\n`),
    suggestToml(channels),
  ];
  await expect(text.join("\n")).toMatchFileSnapshot(golden(name));
});

it("gives two equal sensors the same keys whatever numbers the kernel gave them", async () => {
  const shown = async (host: Host) => listing(await channelsOf(host), virtualClock());
  const one = await shown(fixtureHost("twins-a"));
  expect(await shown(fixtureHost("twins-b"))).toBe(one);
  await expect(one).toMatchFileSnapshot(golden("twins"));
});

const I2C = "/sys/devices/platform/soc/fe804000.i2c/i2c-1";

it("names every fault and reads all others", async () => {
  const host = withFiles(treeHost(faultySensors), {
    [`${I2C}/1-0040/iio:device5/in_temp_input`]: failing("EIO"),
    [`${I2C}/1-0041/iio:device6/in_temp_input`]: failing("ENODEV"),
    [`${I2C}/1-0042/iio:device7/in_temp_input`]: failing("EAGAIN"),
    [`${I2C}/1-0043/iio:device8/in_temp_input`]: failing("EACCES"),
    [`${I2C}/1-0045/iio:device9/in_temp_input`]: failing("ENXIO"), // unplugged in mid-read
    "/sys/devices/platform/soc/fe204000.spi/spi_master/spi0/spi0.0/iio:device4/in_voltage0_raw":
      hanging,
  });
  await expect(await listing(await channelsOf(host), virtualClock(), 1)).toMatchFileSnapshot(
    golden("faulty"),
  );
});
