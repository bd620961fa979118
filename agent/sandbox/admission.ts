import type { Clock } from "../ports.ts";
import type { Device } from "./devices.ts";
import type { Faults } from "./faults.ts";
import { createRateLimit } from "./rate-limit.ts";

/**
 * The rate limits of a tenant and of each device, in ThingsBoard's order: the tenant's first, and what a device's limit then
 * refuses has been paid for. Telemetry has its own buckets beside all other messages. Provisioning has none.
 */
export function createAdmission(
  clock: Clock,
  limits: () => Pick<Faults, "rate" | "pointRate" | "tenantRate">,
) {
  const tenant = createRateLimit(clock);
  const devices = createRateLimit(clock);
  return {
    /** False: the tenant or this device has used up its messages, or the device its data points. */
    admit({ name }: Pick<Device, "name">, points: number): boolean {
      const { rate, pointRate, tenantRate } = limits();
      const what = points === 0 ? "other" : "telemetry";
      return (
        tenant.take(what, 1, tenantRate) &&
        devices.take(`${name} ${what}`, 1, rate) &&
        (points === 0 || devices.take(`${name} points`, points, pointRate))
      );
    },
    clear() {
      tenant.clear();
      devices.clear();
    },
  };
}
