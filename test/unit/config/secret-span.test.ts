import { expect, it } from "vitest";
import {
  blanked,
  holdsSecret,
  secretEntryIn,
  withoutEntry,
} from "../../../agent/config/secret-span.ts";
import { parseFile } from "../../support/config-input.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const parsed = (bytes: Uint8Array) => parseFile(bytes);

const files: readonly (readonly [string, string])[] = [
  [
    "on a line of its own",
    '[provisioning]\nkey = "k"\nsecret = "fleet-secret" # ours\nkeep_secret = true\n',
  ],
  ["as a dotted key", 'provisioning.secret = "fleet-secret"\nprovisioning.key = "k"\n'],
  ["last in an inline table", 'provisioning = { key = "k", secret = "fleet-secret" }\n'],
  ["first in an inline table", 'provisioning = { secret = "fleet-secret", key = "k" }\n'],
  [
    "in single quotes, behind letters of several bytes",
    "# für Köln €\r\n[provisioning]\r\nkey = 'k'\r\nsecret = 'fleet-secret'\r\n",
  ],
  ["over several lines", '[provisioning]\nkey = "k"\nsecret = """\nfleet-secret"""\n'],
  [
    "after a byte order mark",
    '\uFEFFprovisioning.secret = "fleet-secret"\nprovisioning.key = "k"\n',
  ],
];

it.each(files)("a secret %s is taken out, and nothing else", (_, text) => {
  const bytes = bytesOf(text);
  expect(parsed(bytes).config.provisioning.secret).toBe("fleet-secret");
  const entry = secretEntryIn(bytes);
  if (entry === null) throw new Error("not found");
  expect(holdsSecret(entry)).toBe(true);
  const without = withoutEntry(bytes, entry);
  const { config, problems } = parsed(without);
  expect(textOf(without)).not.toContain("fleet");
  expect([config.provisioning.secret, config.provisioning.key, problems]).toEqual([null, "k", []]);
});

it.each(files)(
  "a secret %s is blanked in a file of the same length that means no secret",
  (_, text) => {
    const bytes = bytesOf(text);
    const entry = secretEntryIn(bytes);
    if (entry === null) throw new Error("not found");
    const clean = blanked(bytes, entry.value);
    expect(clean.length).toBe(bytes.length);
    expect(textOf(clean)).not.toContain("fleet");
    const { config, problems } = parsed(clean);
    expect([config.provisioning.secret, config.provisioning.key, problems]).toEqual([
      null,
      "k",
      [],
    ]);
    const left = secretEntryIn(clean);
    expect(left !== null && holdsSecret(left)).toBe(false);
  },
);

it.each(files)(
  "a secret %s that is blanked in part is no configuration, wherever the power was cut",
  (_, text) => {
    const bytes = bytesOf(text);
    const { start, end } = secretEntryIn(bytes)?.value ?? { start: 0, end: 0 };
    expect(end).toBeGreaterThan(start);
    const clean = blanked(bytes, { start, end });
    const same = (one: Uint8Array, other: Uint8Array) => textOf(one) === textOf(other);
    for (let cut = start; cut <= end; cut++)
      for (const [first, last] of [
        [clean, bytes],
        [bytes, clean],
      ] as const) {
        const torn = Uint8Array.of(...first.subarray(0, cut), ...last.subarray(cut));
        if (same(torn, bytes) || same(torn, clean)) continue;
        expect(parsed(torn).filesBroken, textOf(torn)).toBe(1);
      }
  },
);

it("what is no secret of [provisioning] stays", () => {
  expect(secretEntryIn(bytesOf('[server]\nsecret = "x"\n# [provisioning]\n'))).toBeNull();
  expect(secretEntryIn(bytesOf('[provisioning]\n# secret = "x"\nsecret_file = "/s"\n'))).toBeNull();
});
