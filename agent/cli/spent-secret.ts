import type { Origin } from "../config/source.ts";
import { eraseSecret, keptSecret } from "../platform/erase-secret.ts";
import { errnoOf } from "../platform/errno.ts";
import type { Logger, ProvisionSecret } from "../ports.ts";
import type { LoadedConfig } from "./load-config.ts";

/**
 * What becomes of the provisioning secret once the device is one: it is erased where it lies in a file of our own; of the
 * operator's files the log says where it still is. What systemd hands over is meant to stay.
 */
export function provisionSecretOf(
  { config, origins }: Pick<LoadedConfig, "config" | "origins">,
  { stateDir, log }: { readonly stateDir: string; readonly log: Logger },
): ProvisionSecret {
  const { secret, keep_secret: isKept } = config.provisioning;
  const given = origins.get("provisioning.secret");
  if (secret === null || isKept || given === undefined) return keptSecret;
  const sources = [
    { origin: given.origin, text: secret },
    ...given.overrides.map(({ origin, raw }) => ({ origin, text: String(raw) })),
  ];

  /** True: it is gone. */
  const spend = (origin: Origin, text: string): boolean => {
    const isErased = origin.kind === "secret file" && erase(origin.name, text);
    const way = isErased ? undefined : waysToRemove[origin.kind]?.(origin);
    if (way !== undefined) log.notice("the provisioning secret is not needed any more", way);
    return isErased;
  };

  const erase = (file: string, text: string): boolean => {
    try {
      if (!eraseSecret(file, text, stateDir)) return false;
      const hint = "to provision anew, write it there again; to keep it then: keep_secret = true";
      log.notice("provisioning secret erased, the device has its own credentials", { file, hint });
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined) throw error;
      log.warn("the provisioning secret could not be erased", { file, error: code });
      return false;
    }
  };

  let isGone: boolean | null = null;
  return {
    spend() {
      isGone ??= sources.map(({ origin, text }) => spend(origin, text)).every(Boolean);
      return isGone;
    },
  };
}

/** The file that the secret in use, or one behind it, was read from; null: none. */
export function secretFileOf({ origins }: Pick<LoadedConfig, "origins">): string | null {
  const given = origins.get("provisioning.secret");
  const all = given === undefined ? [] : [given, ...given.overrides];
  return all.find(({ origin }) => origin.kind === "secret file")?.origin.name ?? null;
}

type Way = { readonly where: string; readonly hint: string };
const KEEP = "to keep it, without this notice: [provisioning] keep_secret = true";

/** A credential is read-only, and as good as gone when the unit no longer loads it: nothing is said of it. */
const waysToRemove: Partial<Record<Origin["kind"], (origin: Origin) => Way>> = {
  file: ({ name, line }) => ({
    where: line === null ? name : `${name}:${line}`,
    hint: `remove it: sudo nano ${name}; ${KEEP}`,
  }),
  "secret file": ({ name }) => ({
    where: name,
    hint: `remove it: sudo rm ${name}, and secret_file from the configuration; ${KEEP}`,
  }),
  environment: ({ name }) => ({
    where: name,
    hint: `remove it from the environment of the service: sudo systemctl edit pipit; ${KEEP}`,
  }),
};
