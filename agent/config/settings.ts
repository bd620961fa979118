import { durationMs } from "./duration.ts";
import { intervalsByName } from "./intervals-kind.ts";
import { attributeNameList, interfaceList, metricNameList, pathList } from "./list-kinds.ts";
import { clock, outbox } from "./outbox-settings.ts";
import { decimalNumber, duration, durationOrAuto, wholeNumber } from "./quantity-kinds.ts";
import { server } from "./server-settings.ts";
import { setting } from "./setting.ts";
import { choice, deviceName, flag, optionalPath, optionalText } from "./text-kinds.ts";

/**
 * Every setting, once. Types, defaults, validation, the sample file and the manual are derived from this table;
 * `npm run generate` writes the last two anew.
 */
export const sections = {
  server,
  provisioning: {
    meaning:
      'From the device profile, tab "Device provisioning". Not needed when credentials exist.',
    settings: {
      key: setting({
        kind: optionalText,
        default: null,
        example: "profile-key",
        secret: true,
        meaning: "provision device key",
      }),
      secret: setting({
        kind: optionalText,
        default: null,
        example: "profile-secret",
        secret: true,
        meaning: "provision device secret; better: secret_file, or a systemd credential",
        details:
          "The systemd credential counts before `secret_file`, and `secret_file` before this setting.",
      }),
      secret_file: setting({
        kind: optionalPath,
        default: null,
        meaning: "file that holds nothing but the secret",
        details:
          "Default: `provision-secret` in the state folder, where there is one. Once the first telemetry was acknowledged the " +
          "secret is erased, if the file is Pipit's own; see [security.md](security.md).",
      }),
      keep_secret: setting({
        kind: flag,
        default: false,
        meaning: "keep the secret of secret_file after success, to provision anew without help",
        details:
          '`on_revoked = "reprovision"` and a card that was moved to another board need the secret. Without it the device ' +
          'waits with the reason "secret needed". A systemd credential and a configuration file are never changed.',
      }),
      device_name: setting({
        kind: deviceName,
        default: "auto",
        meaning:
          '"auto", "" (the server makes the name), or a text with ' +
          "{hostname} {serial} {serial8} {machine8} {mac} {model}",
        details:
          '`"auto"` is `rpi-{serial8}` on a Raspberry Pi and `{hostname}-{machine8}` on any other machine. ' +
          '`""` leaves the name to the server. The name is used once, when the device is provisioned; a later ' +
          "change here renames nothing.",
      }),
      credentials_type: setting({
        kind: choice("credentials type", ["access_token", "x509"]),
        default: "access_token",
        meaning:
          'what the device logs in with: "access_token", or "x509", a certificate of its own',
        details:
          "With `x509` the board makes a key (P-256) that never leaves it, and provisions with the certificate for it; this needs " +
          "a `coaps://` server. Like the name it counts when the device is provisioned: to change it later, " +
          "`sudo pipit provision --reset`. See [coaps.md](coaps.md).",
      }),
      on_hardware_change: setting({
        kind: choice("policy", ["reprovision", "stop", "continue"]),
        default: "reprovision",
        meaning: 'card moved or cloned: "reprovision", "stop" or "continue"',
        details:
          "Credentials are bound to the board. On another board the device provisions itself under its own name " +
          "(`reprovision`), waits for the operator (`stop`), or goes on as the first device (`continue`).",
      }),
      on_revoked: setting({
        kind: choice("policy", ["wait", "reprovision"]),
        default: "wait",
        meaning: 'token refused: "wait" (probe, keep samples) or "reprovision"',
        details:
          "After three refusals in a row the token counts as revoked. `wait` probes after 1, 5 and 15 minutes, " +
          "then every hour. `reprovision` asks for a new token and needs the key and the secret for that.",
      }),
    },
  },
  telemetry: {
    meaning: "When a sample is taken, and how it is sent.",
    settings: {
      interval: setting({
        kind: duration(durationMs("1s"), durationMs("24h")),
        default: durationMs("60s"),
        meaning: "time from one sample to the next, 1s to 24h",
      }),
      phase: setting({
        kind: durationOrAuto(0, durationMs("24h")),
        default: "auto",
        meaning: '"auto" = from the hardware id, spreads a fleet; or a duration',
        details:
          "Moves the beat within the interval, so that a fleet that was switched on together does not send " +
          "together. The first sample after the start is taken at once.",
      }),
      other_intervals: setting({
        kind: intervalsByName,
        default: { disk: durationMs("5m"), wifi: durationMs("5m") },
        meaning: "for a group of [system] metrics, or for one key",
        details:
          "A key counts before its group. What is due together shares one sample, so multiples of `interval` cost " +
          "nothing extra. In the environment: `disk=5m,wifi=5m`.",
      }),
      deadband: setting({
        kind: decimalNumber(0, 1e9),
        default: 0,
        meaning: "a number is sent only if it moved by more than this; 0 = always",
      }),
      max_silence: setting({
        kind: duration(durationMs("1s"), durationMs("24h")),
        default: durationMs("10m"),
        meaning: "an unchanged value is sent after this all the same",
        details: "Counts where `deadband` or `on_change` hold values back.",
      }),
      precision: setting({
        kind: wholeNumber(0, 10),
        default: 3,
        meaning: "decimals of a number that is sent, 0 to 10",
      }),
      live_first: setting({
        kind: flag,
        default: true,
        meaning: "newest sample before the backlog",
      }),
    },
  },
  system: {
    meaning: "Readings of this machine.",
    settings: {
      metrics: setting({
        kind: metricNameList,
        default: [
          "cpu",
          "load",
          "memory",
          "disk",
          "network",
          "wifi",
          "uptime",
          "pi",
          "agent",
          "sensors",
        ],
        meaning: "groups, or single keys by their names",
        details:
          "A group stands for its usual keys; a key that no group sends by itself is added by its own name. " +
          '`pipit sample` shows what this machine gives. `"sensors"` stands for the sensors that are plugged in: they are ' +
          "sent without being listed below [[sensors]]. `[]` turns the readings of the machine off.",
      }),
      disk_paths: setting({
        kind: pathList,
        default: ["/"],
        meaning: "mount points whose use is measured",
      }),
      network_interfaces: setting({
        kind: interfaceList,
        default: [],
        meaning: "interfaces that count; [] = all physical ones",
      }),
      pi_throttle: setting({
        kind: flag,
        default: true,
        meaning: "read get_throttled: one kernel warning per boot",
        details:
          "The file tells whether a Raspberry Pi was slowed down; its first reading in a boot leaves a warning in the " +
          "kernel's log. Under-voltage is noticed without it.",
      }),
      inventory: setting({
        kind: flag,
        default: true,
        meaning: "client attributes about board, system and disks, once per boot",
        details: "Gathered by a child process that lives for about a tenth of a second.",
      }),
      withhold: setting({
        kind: attributeNameList,
        default: [],
        meaning: "client attributes that never leave the board, by their names",
        details:
          "Such as `ipAddress`, `macAddress`, `hostname`, `hardwareId`: [privacy.md](privacy.md) lists what identifies a board. What " +
          "the server has already stays there until it is deleted.",
      }),
    },
  },
  publish: {
    meaning: "Readings of your own programs: pipit publish key=value",
    settings: {
      on_change: setting({
        kind: flag,
        default: false,
        meaning: "a changed value is sent at once, not with the next sample",
      }),
    },
  },
  outbox,
  clock,
  log: {
    meaning: "What the agent writes to the journal of systemd, or to the terminal.",
    settings: {
      level: setting({
        kind: choice("log level", ["error", "warning", "notice", "info", "debug"]),
        default: "info",
        meaning: "the least that is written: error, warning, notice, info, debug",
      }),
    },
  },
} as const;
