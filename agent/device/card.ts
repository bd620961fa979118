import type { Host, Readings } from "../ports.ts";
import { namesIn, textOrNull } from "./host-text.ts";

/** Attribute -> file of the card; the kernel writes numbers as "0x000003" (Documentation/driver-api/mmc/mmc-dev-attrs). */
const FILES: Readonly<Record<string, string>> = {
  sdType: "type",
  sdName: "name",
  sdManufacturer: "manfid",
  sdOem: "oemid",
  sdSerial: "serial",
  sdDate: "date",
};

/**
 * The SD card or eMMC: its identity changes when somebody swaps the card. The first one where there are several; its boot
 * partitions ("mmcblk0boot0") are none.
 */
export async function readCard(host: Host): Promise<Readings> {
  const names = await namesIn(host, "/sys/block");
  const card = names.find((name) => /^mmcblk\d+$/.test(name));
  if (card === undefined) return {};
  const found: Record<string, string> = {};
  for (const [attribute, file] of Object.entries(FILES)) {
    const text = await textOrNull(host, `/sys/block/${card}/device/${file}`);
    if (text !== null) found[attribute] = text;
  }
  return found;
}
