/** A machine that QEMU emulates, and the kernel of Debian's that runs on it. */
export interface Machine {
  readonly label: string;
  readonly flavour: "arm64" | "arm64-16k";
  /** As the kernel names it. */
  readonly root: string;
  /** What has to be there before the root file system, and what nobody loads later: there are no modules on the card. */
  readonly modules: readonly string[];
  readonly console: string;
  /** Device tree below the kernel package's own folder; null: QEMU makes it. */
  readonly deviceTree: string | null;
  /** QEMU's options for the machine, with this card, and this file for the console. */
  options(card: string, console: string): readonly string[];
}

const fat = ["vfat", "nls_cp437", "nls_ascii"];

export const machines: readonly Machine[] = [
  {
    label: "Raspberry Pi 3B, its device tree, SD card, USB network, no RTC",
    flavour: "arm64",
    root: "/dev/mmcblk0p2",
    modules: [
      ...["ext4", "mmc_block", "bcm2835", "sdhci-iproc", "bcm2835_thermal"],
      ...["dwc2", "cdc_ether", "rndis_host", ...fat],
    ],
    console: "ttyS1,115200",
    deviceTree: "broadcom/bcm2837-rpi-3-b.dtb",
    options: (card, console) => [
      ...["-M", "raspi3b", "-serial", "null", "-serial", `file:${console}`],
      ...["-drive", `file=${card},if=sd,format=raw,cache=writeback`],
      ...["-netdev", "user,id=net", "-device", "usb-net,netdev=net"],
    ],
  },
  {
    label: "a kernel of 16 KiB pages, as a Raspberry Pi 5 has, on a Cortex-A76",
    flavour: "arm64-16k",
    root: "/dev/vda2",
    modules: ["ext4", "virtio_pci", "virtio_blk", "virtio_net", ...fat],
    console: "ttyAMA0",
    deviceTree: null,
    options: (card, console) => [
      ...["-M", "virt,gic-version=3", "-cpu", "cortex-a76", "-smp", "2", "-m", "1024"],
      ...["-serial", `file:${console}`, "-rtc", "base=1970-01-02"],
      ...["-drive", `file=${card},if=none,id=card,format=raw,cache=writeback`],
      ...["-device", "virtio-blk-pci,drive=card"],
      ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"],
    ],
  },
];
