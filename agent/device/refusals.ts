import type { Fingerprint } from "../credentials.ts";
import { AgentError } from "../errors.ts";
import type { ProvisionAnswer } from "../thingsboard/provision-message.ts";

/** Each way in which only the operator can help, with the screen or command that does. */

export const nameTaken = (deviceName: string | null, errorMsg: string) =>
  new AgentError(
    "refused",
    deviceName === null
      ? `the server refused to create a device: "${errorMsg}"`
      : `the name "${deviceName}" is already provisioned: "${errorMsg}"`,
    {
      code: "P021",
      hint: `In ThingsBoard: delete the device, or (pre-provisioned devices) delete its server attribute "provisionState", or check that the name exists in this device profile. Then run: sudo pipit provision`,
    },
  );

export const wrongKey = (errorMsg: string) =>
  new AgentError(
    "refused",
    `the server does not know this provisioning key and secret: "${errorMsg}"`,
    {
      code: "P022",
      hint: "In ThingsBoard: Device profiles > the profile > Device provisioning; check that a strategy is chosen and copy key and secret to [provisioning]. Then run: sudo pipit provision",
    },
  );

export const notUnderstood = (answer: Extract<ProvisionAnswer, { status: "unreadable" }>) =>
  new AgentError(
    "refused",
    `the server did not accept the provisioning request (${answer.detail})`,
    {
      code: "P024",
      hint: "Check that [server] url is ThingsBoard's CoAP transport and that [provisioning] key and secret are set. Then run: sudo pipit provision",
    },
  );

export const otherBoard = ({ source, value }: Fingerprint) =>
  new AgentError(
    "refused",
    `these credentials belong to another board (${source} ${value}), and on_hardware_change is "stop"`,
    {
      code: "P025",
      hint: 'Put the card back, or set [provisioning] on_hardware_change to "reprovision" or "continue". Then run: sudo systemctl reload pipit',
    },
  );

export const noToken = () =>
  new AgentError("refused", "what is to be the new access token is none", {
    code: "P031",
    hint: "it has 1 to 255 bytes and no control characters; the old token stays in use",
  });

export const tokenUnknown = () =>
  new AgentError(
    "unauthorized",
    "the server does not know the new access token (4.01), the old one stays in use",
    {
      code: "P032",
      hint: "In ThingsBoard compare it with the device's credentials. It is kept, and asked about once more when the server refuses the old one",
    },
  );

export const certificateCounts = () =>
  new AgentError("refused", "this device logs in with a certificate, a token does not replace it", {
    code: "P034",
    hint: "To go over to a token: remove client_cert from [server], or set [provisioning] credentials_type; then sudo pipit provision --reset",
  });

export const certificateUnknown = () =>
  new AgentError("refused", "the server has no device with the certificate in client_cert (4.01)", {
    code: "P036",
    hint: "In ThingsBoard: Devices > the device > Manage credentials > X.509, and paste it there; or set [provisioning] key and secret. Then run: sudo systemctl reload pipit",
  });

export const otherCertificate = () =>
  new AgentError(
    "refused",
    "the server's device logs in with a certificate that this board does not have",
    {
      code: "P037",
      hint: 'In ThingsBoard: Devices > the device > Manage credentials: choose an access token, and delete its server attribute "provisionState"; or give that certificate as client_cert. Then run: sudo pipit provision',
    },
  );

export const tokenGranted = () =>
  new AgentError(
    "refused",
    "the server's device logs in with an access token, and client_cert is set",
    {
      code: "P038",
      hint: "The token is kept: remove client_cert to use it; or paste the certificate in ThingsBoard: Devices > the device > Manage credentials > X.509. Then run: sudo systemctl reload pipit",
    },
  );

export const secretNeeded = () =>
  new AgentError("refused", "secret needed: no provisioning key and secret are configured", {
    code: "P026",
    hint: "Set [provisioning] key and secret (or secret_file, or the systemd credentials pipit.provision-key and pipit.provision-secret); a secret_file of its own Pipit erases after use, unless keep_secret = true. Then run: sudo systemctl reload pipit",
  });
