import type { Host } from "../ports.ts";
import type { Board } from "./board.ts";
import { textOrNull } from "./host-text.ts";

/** What a PC's firmware says when nobody has filled it in. */
const PLACEHOLDER =
  /^(to be filled|default string|system (manufacturer|product)|not (applicable|specified)|none$|o\.?e\.?m\.?$)/i;

/** "Raspberry Pi 5 Model B Rev 1.0" from the device tree; a PC has DMI: "QEMU Standard PC (Q35 + ICH9, 2009)". */
export async function hardwareModel(host: Host, { model }: Board): Promise<string | null> {
  if (model !== null) return model;
  const vendor = real(await textOrNull(host, "/sys/class/dmi/id/sys_vendor"));
  const product = real(await textOrNull(host, "/sys/class/dmi/id/product_name"));
  if (vendor === null || product === null) return product ?? vendor;
  return product.startsWith(vendor) ? product : `${vendor} ${product}`;
}

const real = (text: string | null) => (text === null || PLACEHOLDER.test(text) ? null : text);
