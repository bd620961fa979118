import type { Login } from "../credentials.ts";
import type { DeviceCertificates, Random } from "../ports.ts";
import { newAccessToken } from "./access-token.ts";

export type CredentialsType = "access_token" | "x509";

export interface LoginDeps {
  readonly certificates: DeviceCertificates;
  readonly credentialsType: CredentialsType;
  readonly random: Random;
}

/** What this device shall log in with, if the server takes it. Rejects with AgentError `config` where there is no OpenSSL. */
export async function newLogin(
  { certificates, credentialsType, random }: LoginDeps,
  handedCertificate: string | null,
  deviceName: string | null,
): Promise<Login> {
  if (handedCertificate !== null) return { certificate: handedCertificate, key: null };
  if (credentialsType === "x509") return await certificates.make(deviceName ?? "pipit");
  return { accessToken: newAccessToken(random) };
}
