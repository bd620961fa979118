export const MOUNTS = "/proc/self/mounts";

/** A host of containers has hundreds of overlays, each with a long line of options. */
export const MOUNTS_LIMIT_BYTES = 1024 * 1024;

/** fstab(5): "/dev/sda1 /media/pi/USB\040DISK vfat rw,nosuid 0 0\n"; blanks and backslashes are octal. */
export const isMounted = (text: string, path: string): boolean =>
  text.split("\n").some((line) => unescapeOctal(line.split(" ", 2)[1] ?? "") === path);

const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
