import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Container, copySources, releases, SOURCE, startContainer } from "./container.ts";

/**
 * What pipit.service may not do, by attempts from inside of it. Each attempt succeeds for root outside of the unit, so that it is
 * one; and fails for root inside of it, so that it is the unit's directive that holds, not the rights of the user alone; with and without the filter of
 * system calls.
 */

/** By the directive that is in its way. */
const attempts: Readonly<Record<string, string>> = {
  "ProtectSystem, /etc": "touch /etc/attempt",
  "ProtectSystem, /usr": "touch /usr/bin/attempt",
  "ProtectSystem, another's state": "touch /var/lib/attempt",
  ProtectHome: "cat /root/marker",
  PrivateTmp: "cat /tmp/marker",
  "PrivateDevices, open": "test -c /dev/console",
  "PrivateDevices, make": "mknod $HERE/node c 1 3",
  RestrictAddressFamilies: "perl -e 'socket(my $s, 17, 3, 0) or die $!'",
  RestrictNamespaces: "unshare --uts true",
  RestrictSUIDSGID: "touch $HERE/suid && chmod u+s $HERE/suid",
  RestrictRealtime: "chrt --fifo 1 true",
  ProtectHostname: 'hostname "$(hostname)"',
  ProtectControlGroups: "mkdir /sys/fs/cgroup/attempt",
  ProtectKernelTunables: "echo 1 >/proc/sys/net/ipv4/ip_forward",
  "SystemCallFilter, mount": "mount -t tmpfs tmpfs /mnt",
  "SystemCallFilter, chroot": "chroot / true",
  "SystemCallFilter, scheduling": "taskset 1 true",
  "LimitCORE, the hard limit": "ulimit -H -c 1000",
};
/** Only for who is not root: whoever may trace a process sees it. */
const attemptOfUser = { ProtectProc: "test -d /proc/1" };

const script = `#!/bin/sh
# HERE: where whoever runs this may write. The output is read by the test.
HERE=\${STATE_DIRECTORY:-/var/tmp}
${Object.entries({ ...attempts, ...attemptOfUser })
  .map(
    ([name, command]) =>
      `if ( ${command} ) >/dev/null 2>&1; then echo "attempt ${name}: succeeded"; else echo "attempt ${name}: failed"; fi`,
  )
  .join("\n")}
exit 0
`;

const outcomes = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^attempt (.+): (\w+)$/gm)].map(([, ...pair]) => pair));
const all = (outcome: string, names: Record<string, string>) =>
  Object.fromEntries(Object.keys(names).map((name) => [name, outcome]));

describe.each(releases)("on %s", (release) => {
  let machine: Container;
  const inside = (...command: string[]) => machine.run(...command);

  beforeAll(async () => {
    machine = await startContainer(`hardening-${release}-${process.pid}`, release);
    copySources(machine);
    await inside(`${SOURCE}/install.sh`);
    writeFileSync(join(machine.root, "opt/attempts"), script, { mode: 0o755 });
    for (const folder of ["root", "tmp"])
      await inside("sh", "-c", `echo secret >/${folder}/marker`);
  }, 300_000);

  afterAll(() => machine?.[Symbol.asyncDispose](), 60_000);

  /** The attempts in the place of the agent, by all that the unit says, and these lines. */
  async function inTheUnit(lines = ""): Promise<Record<string, string>> {
    const folder = "/run/systemd/system/pipit.service.d";
    await inside("mkdir", "--parents", folder);
    writeFileSync(
      join(machine.root, "opt/attempts.conf"),
      `[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\nExecStart=/opt/attempts\n${lines}`,
    );
    await inside("cp", "/opt/attempts.conf", folder);
    await inside("systemctl", "daemon-reload");
    await inside("systemctl", "start", "pipit.service");
    const run = `_SYSTEMD_INVOCATION_ID=${await machine.property("InvocationID")}`;
    await inside("journalctl", "--sync");
    return outcomes(await inside("journalctl", "--no-pager", "--output=cat", run));
  }

  it("what is attempted can be done by root without the unit", async () => {
    const unbound = ["systemd-run", "--wait", "--pipe", "--quiet", "/opt/attempts"];
    expect(outcomes(await inside(...unbound))).toEqual(
      all("succeeded", { ...attempts, ...attemptOfUser }),
    );
    await inside("sh", "-c", "rm /etc/attempt /usr/bin/attempt /var/lib/attempt");
    await inside("sh", "-c", "rmdir /sys/fs/cgroup/attempt && umount /mnt");
  });

  it("nothing of it can be done in the unit", async () => {
    expect(await inTheUnit()).toEqual(all("failed", { ...attempts, ...attemptOfUser }));
  });

  const asRoot = "User=root\nGroup=root\nCapabilityBoundingSet=~\n";

  it("not even by root with every capability", async () => {
    const { ProtectProc: _, ...found } = await inTheUnit(asRoot);
    expect(found).toEqual(all("failed", attempts));
  });

  it("and by each directive alone, without the filter of system calls that stands before some", async () => {
    const found = await inTheUnit(`${asRoot}SystemCallFilter=\n`);
    // Root with every capability may raise a limit.
    const others = Object.keys(attempts).filter(
      (name) => !/^(SystemCallFilter|LimitCORE)/.test(name),
    );
    for (const name of others) expect(found[name], name).toBe("failed");
    expect(found["SystemCallFilter, mount"]).toBe("succeeded");
  });
});
