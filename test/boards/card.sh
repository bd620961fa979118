#!/bin/bash
# The card of a board that is emulated: Debian for arm64 with Pipit's package, a FAT boot partition, and Debian's kernels for it.
# Root only. The arm64 programs of the system run by qemu-user while it is made; that registration is taken back at the end.
set -euo pipefail
shopt -s inherit_errexit # in $(...), too
umask 022

# shellcheck source=test/support/initramfs.sh
. "$(dirname "$0")/../support/initramfs.sh"

SUITE=trixie # what Raspberry Pi OS is made of, and the first with a kernel of 16 KiB pages
PACKAGES=systemd,systemd-sysv,systemd-timesyncd,dbus,udev,kmod,iproute2,ca-certificates,libatomic1,libstdc++6,procps
KERNELS=(linux-image-arm64 linux-image-arm64-16k)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pipit-test
BINFMT=/proc/sys/fs/binfmt_misc
# A power of two, as SD cards are; it is sparse.
CARD_BYTES=$((2 * 1024 * 1024 * 1024))
BOOT_MIB=64

usage() {
  cat >&2 <<'TEXT'
usage: card.sh base                       makes system and kernels once; prints their folder
       card.sh make CARD PACKAGE OVERLAY  makes CARD with this .deb installed and the files of the folder OVERLAY
       card.sh put CARD FILE              copies FILE to the boot partition
       card.sh get CARD NAME              prints a file of the boot partition
       card.sh check CARD                 looks over the root file system, once its journal is replayed
       card.sh initramfs FLAVOUR ROOT OUT MODULE...  makes OUT, which loads the modules and goes on in ROOT, a device
       FLAVOUR is that of the kernel: arm64 or arm64-16k
TEXT
  exit 64
}

die() {
  echo "card.sh: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

registered=
mounted=
# Lets the kernel of this machine run programs for arm64, in a chroot too (flag F).
run_arm64() {
  need qemu-aarch64-static qemu-user-static
  if [ ! -e $BINFMT/register ]; then
    mount -t binfmt_misc binfmt_misc $BINFMT
    mounted=yes
  fi
  ! grep -lqs '^magic 7f454c460201010000000000000000000200b700$' $BINFMT/* || return 0
  # An ELF file of 64 bits for AArch64, executable or shared; the bits that do not matter are masked.
  printf '%s' ":pipit-test-arm64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:$(command -v qemu-aarch64-static):OCF" \
    >$BINFMT/register
  registered=$BINFMT/pipit-test-arm64
}

scratch=
cleanup() {
  [ -z "$registered" ] || echo -1 >"$registered" || true
  [ -z "$mounted" ] || umount "$BINFMT" || true
  [ -z "$scratch" ] || rm -rf --one-file-system "$scratch"
}
trap cleanup EXIT

base() {
  local folder kernel version
  folder=$CACHE/board-$SUITE-$(printf '%s %s' "$PACKAGES" "${KERNELS[*]}" | sha256sum | cut -c1-8)
  mkdir -p "$CACHE"
  exec 9>"$CACHE/.board-lock"
  flock 9
  if [ ! -e "$folder" ]; then
    trap cleanup EXIT # a subshell of `make` has none
    need debootstrap debootstrap
    need zstd zstd
    echo "card.sh: building $SUITE for arm64 once, about five minutes" >&2
    scratch=$(mktemp -d "$CACHE/build.XXXXXX")
    mkdir "$scratch/base"
    run_arm64
    # What debootstrap mounts in there goes away with the namespace.
    unshare --mount --propagation private \
      debootstrap --arch=arm64 --variant=minbase --include="$PACKAGES" "$SUITE" "$scratch/root" >"$CACHE/debootstrap-arm64.log" 2>&1 9>&- ||
      die "debootstrap failed: $(tail -n 3 "$CACHE/debootstrap-arm64.log") (all of it: $CACHE/debootstrap-arm64.log)"
    mkdir "$scratch/packages"
    for kernel in "${KERNELS[@]}"; do
      kernel=$(chroot "$scratch/root" apt-cache depends "$kernel" | awk '/Depends: linux-image-/ { print $2; exit }')
      (cd "$scratch/root/tmp" && chroot "$scratch/root" sh -c "cd /tmp && apt-get download -qq -o APT::Sandbox::User=root $kernel") >&2
    done
    chroot "$scratch/root" sh -c 'cd /tmp && apt-get download -qq -o APT::Sandbox::User=root busybox-static' >&2
    for kernel in "${KERNELS[@]}"; do
      version=$(cd "$scratch/root/tmp" && echo linux-image-[0-9]*-"${kernel#linux-image-}"_*.deb)
      dpkg-deb --extract "$scratch/root/tmp/$version" "$scratch/base/${kernel#linux-image-}"
      rm -rf "$scratch/base/${kernel#linux-image-}/usr/share/doc"
    done
    dpkg-deb --extract "$scratch"/root/tmp/busybox-static_*.deb "$scratch/busybox"
    find "$scratch/busybox" -path '*/bin/busybox' -exec cp {} "$scratch/base/busybox" \;
    rm -rf "$scratch"/root/tmp/* "$scratch"/root/var/lib/apt/lists/* "$scratch"/root/var/cache/apt/archives/*.deb
    : >"$scratch/root/etc/machine-id"
    tar -C "$scratch/root" --xattrs --numeric-owner -cf - . | zstd -q -3 -T0 -o "$scratch/base/root.tar.zst"
    mv "$scratch/base" "$folder"
  fi
  flock -u 9
  echo "$folder"
}

# The root file system begins behind the boot partition, in bytes.
ROOT_AT=$(((1 + BOOT_MIB) * 1024 * 1024))
# For mtools: the boot partition within the card.
boot_partition() {
  echo "$1@@$((1024 * 1024))"
}

make() {
  local card=$1 package=$2 overlay=$3 folder
  need mke2fs e2fsprogs
  need mkfs.vfat dosfstools
  need sfdisk fdisk
  folder=$(base)
  scratch=$(mktemp -d "$CACHE/build.XXXXXX")
  mkdir "$scratch/root"
  zstd -dqc "$folder/root.tar.zst" | tar -C "$scratch/root" --xattrs --numeric-owner -xpf -
  run_arm64
  cp "$package" "$scratch/root/pipit.deb"
  chroot "$scratch/root" dpkg --install /pipit.deb >&2
  rm "$scratch/root/pipit.deb"
  mkdir -p "$scratch/root/boot/firmware"
  echo 'LABEL=bootfs /boot/firmware vfat defaults 0 2' >"$scratch/root/etc/fstab"
  cp -r "$overlay/." "$scratch/root"
  chroot "$scratch/root" systemctl --quiet enable systemd-networkd.service counter.service >&2
  truncate -s "$CARD_BYTES" "$card"
  printf 'label: dos\nstart=1MiB, size=%sMiB, type=c\ntype=83\n' "$BOOT_MIB" | sfdisk --quiet "$card"
  mkfs.vfat -F 32 -s 1 -n bootfs --offset 2048 "$card" $((BOOT_MIB * 1024)) >/dev/null
  mke2fs -q -t ext4 -L rootfs -d "$scratch/root" -E "offset=$ROOT_AT" "$card" "$(((CARD_BYTES - ROOT_AT) / 1024))k"
}

# A copy of the root file system is replayed and looked over; the card stays as it is.
check() {
  scratch=$(mktemp -d "$CACHE/build.XXXXXX")
  dd if="$1" of="$scratch/root" bs=1M skip=$((1 + BOOT_MIB)) conv=sparse status=none
  e2fsck -p "$scratch/root" >&2 || [ $? = 1 ]
  e2fsck -fn "$scratch/root"
}

initramfs() {
  local flavour=$1 device=$2 out=$3 folder
  shift 3
  need cpio cpio
  need depmod kmod
  folder=$(base)
  scratch=$(mktemp -d "$CACHE/build.XXXXXX")
  mkdir -p "$scratch"/{bin,dev,proc,sys,new}
  modules_of "$folder/$flavour" "$scratch/modules" "$@"
  cp "$folder/busybox" "$scratch/bin/busybox"
  cat >"$scratch/init" <<INIT
#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc
busybox --install -s /bin # which looks for itself in /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
$LOAD_MODULES
until [ -b $device ]; do sleep 0.1; done
mount -t ext4 $device /new
for place in dev proc sys; do mount --move /\$place /new/\$place; done
exec switch_root /new /sbin/init
INIT
  chmod 755 "$scratch/init"
  (cd "$scratch" && find . | cpio --quiet --create --format=newc) >"$out"
}

[ $# -ge 1 ] || usage
[ "$(id -u)" = 0 ] || die 'must run as root'
command=$1
shift
case $command in
base) base ;;
make) [ $# = 3 ] || usage; make "$@" ;;
put) [ $# = 2 ] || usage; need mcopy mtools; mcopy -o -i "$(boot_partition "$1")" "$2" :: ;;
get) [ $# = 2 ] || usage; need mcopy mtools; mcopy -i "$(boot_partition "$1")" "::$2" - ;;
check) [ $# = 1 ] || usage; check "$1" ;;
initramfs) [ $# -ge 4 ] || usage; initramfs "$@" ;;
*) usage ;;
esac
