import { existsSync } from "node:fs";

/** sd_booted(3) */
export const isSystemdRunning = (): boolean => existsSync("/run/systemd/system");
