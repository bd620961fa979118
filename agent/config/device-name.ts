/** What `[provisioning] device_name` may contain in braces, with the meaning the manual gives. */
export const deviceNamePlaceholders = {
  hostname: "the host name of this machine",
  serial: "the serial number of the board",
  serial8: "its last 8 characters",
  machine8: "the first 8 characters of the machine id",
  mac: "the permanent MAC address of the first wired interface, else of the first wireless one, without colons",
  model: "the model of the board",
} as const;

export type DeviceNamePlaceholder = keyof typeof deviceNamePlaceholders;

export const placeholderNames: readonly string[] = Object.keys(deviceNamePlaceholders);

/** What stands in braces, in order: "rpi-{serial8}" gives ["serial8"]. */
export const placeholdersIn = (template: string): readonly string[] =>
  Array.from(template.matchAll(/\{([^{}]*)\}/g), ([, name = ""]) => name);

/** A brace without its partner: "rpi-{serial8". */
export const hasLooseBrace = (template: string): boolean =>
  /[{}]/.test(template.replace(/\{[^{}]*\}/g, ""));
