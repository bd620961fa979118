import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makePackage } from "../../build/debian/package.ts";
import manifest from "../../package.json" with { type: "json" };
import { demand } from "../support/demand.ts";
import { type Board, makeCard, openSite, switchOn } from "./board.ts";
import { machines } from "./machines.ts";

/**
 * A fresh card with Pipit in it and a file on its FAT partition goes into a board that nobody touches; the power fails while the
 * server is away; and all that was accepted arrives.
 */

const repository = join(import.meta.dirname, "../..");
const SECRET = "sandbox-secret";
/** systemd's own words. */
const REPORTED = /Finished .*pipit-boot-report\.service/;
const LEAST_WAITING = 8;

let work: string;
let deb: string;

beforeAll(() => {
  // With what card.sh runs only minutes later.
  demand(
    ["qemu-system-aarch64", "qemu-system-arm"],
    ["qemu-aarch64-static", "qemu-user-static"],
    ["mcopy", "mtools"],
    ["mkfs.vfat", "dosfstools"],
    ["mke2fs", "e2fsprogs"],
    ["sfdisk", "fdisk"],
    ["debootstrap", "debootstrap"],
    ["zstd", "zstd"],
    ["cpio", "cpio"],
    ["depmod", "kmod"],
  );
  work = mkdtempSync(join(tmpdir(), "pipit-boards-"));
  deb = makePackage({
    root: repository,
    output: work,
    work,
    executable: { cpu: "arm64", path: join(repository, "dist/pipit-linux-arm64") },
    licences: readFileSync(join(repository, "dist/third-party-licences.txt"), "utf8"),
    release: {
      version: manifest.version,
      maintainer: manifest.author,
      epochSeconds: 1_795_000_000,
    },
  });
});

afterAll(() => {
  if (work !== undefined) rmSync(work, { recursive: true, force: true });
});

it.each(machines)("$label", async (machine) => {
  const folder = mkdtempSync(join(work, "board-"));
  const card = await makeCard(folder, deb);
  await using site = await openSite();
  const told = join(folder, "pipit.toml");
  writeFileSync(
    told,
    `[server]\nurl = "coap://10.0.2.2"\n[provisioning]\nkey = "sandbox-key"\nsecret = "${SECRET}"\n[telemetry]\ninterval = "5s"\n`,
  );
  await card.put(told);

  const first = await switchOn(machine, card, site, folder);
  const accepted = await withPower(first, async () => {
    await first.until("provisioned", () => site.requests().includes("provision 2.01"));
    await first.until("a delivery", () => site.n.size > 0);
    await first.until("the result on the card", () => REPORTED.test(first.console()));
    site.tell("away");
    const before = first.accepted().length;
    await first.until("what waits", () => first.accepted().length >= before + LEAST_WAITING);
  });
  const waiting = accepted.filter((n) => !site.n.has(n));
  expect(waiting.length).toBeGreaterThanOrEqual(LEAST_WAITING - 1);
  await card.check();

  site.tell("here");
  const second = await switchOn(machine, card, site, folder);
  const later = await withPower(second, async () => {
    await second.until("all that waited", () => waiting.every((n) => site.n.has(n)));
    await second.until("its own", () => second.accepted().some((n) => site.n.has(n)));
  });
  expect(later.every((n) => n > 1_000)).toBe(true);
  await card.check();
  expect(site.requests().filter((request) => request === "provision 2.01")).toHaveLength(1);
  expect(await card.get("pipit-status.txt")).toMatch(/^OK {2}provisioned as /m);
  expect(await card.get("pipit.toml")).not.toContain(SECRET);
  process.stdout.write(
    `${machine.label}: ${accepted.length + later.length} readings accepted, ${waiting.length} of them waited over the power cut, 0 lost\n`,
  );
});

/** Whatever comes of it, the power is gone afterwards. Resolves to the numbers that were accepted. */
async function withPower(board: Board, act: () => Promise<void>): Promise<readonly number[]> {
  await using machine = board;
  await act();
  await machine.cut();
  return machine.accepted();
}
