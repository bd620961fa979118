/** What to do about a secret that lay open, for nobody can tell who has read it. */
export const mayBeRead = {
  token:
    "the access token may have been read: give the device a new one in ThingsBoard, then run: sudo pipit provision --token-stdin",
  secret:
    "the provisioning secret may have been read: give the device profile a new one in ThingsBoard",
  samples: "samples that wait, and the DTLS session, may have been read",
  nothing: "no secret was in it",
} as const;
