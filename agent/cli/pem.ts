/** The certificates of a PEM file (RFC 7468), as they stand in it. */
export const pemCertificates = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
