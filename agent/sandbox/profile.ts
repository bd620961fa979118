import type { ProfileSpec } from "./devices.ts";

/** What an agent in the sandbox provisions with. Known to everybody, so it protects nothing. */
export const defaultProfile: ProfileSpec = {
  name: "sandbox",
  key: "sandbox-key",
  secret: "sandbox-secret",
  strategy: "ALLOW_CREATE_NEW_DEVICES",
};
