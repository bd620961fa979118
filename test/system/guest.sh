#!/bin/bash
# A small Linux in QEMU, all of it in memory: Debian's kernel, busybox, an I2C bus without hardware (i2c-stub, a chip at 0x48).
# It runs what it reads from its second serial port, which is this script's standard input and output; guest.ts speaks to it.
# Emulated (TCG), so it needs no KVM. It is x86: only there Debian's kernel has i2c-stub.
set -euo pipefail
shopt -s inherit_errexit # in $(...), too
umask 022

# shellcheck source=test/support/initramfs.sh
. "$(dirname "$0")/../support/initramfs.sh"

MODULES=(i2c-dev 'i2c-stub chip_addr=0x48' lm75)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pipit-test

usage() {
  cat >&2 <<'TEXT'
usage: guest.sh FOLDER PROGRAM...   boots it with these programs in /bin; FOLDER takes its image and the kernel's messages
TEXT
  exit 64
}

die() {
  echo "guest.sh: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

# Fetches Debian's kernel once; prints the folder with vmlinuz and the modules we load, in their order.
kernel() {
  local package folder build
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
  [ -n "$package" ] || die 'apt knows no linux-image-amd64: apt-get update'
  folder=$CACHE/$package
  mkdir -p "$CACHE"
  exec 9>"$CACHE/.kernel-lock"
  flock 9
  if [ ! -e "$folder" ]; then
    echo "guest.sh: fetching $package once, about 70 MB" >&2
    build=$(mktemp -d "$CACHE/build.XXXXXX")
    # shellcheck disable=SC2064 # the folder of now, not of later
    trap "rm -rf '$build'" EXIT
    # As root: apt's own user may not write here.
    (cd "$build" && apt-get download -qq -o APT::Sandbox::User=root "$package:amd64" >&2)
    dpkg-deb --extract "$build"/*.deb "$build/tree"
    mkdir "$build/kernel"
    modules_of "$build/tree" "$build/kernel" "${MODULES[@]}"
    cp "$build"/tree/boot/vmlinuz-* "$build/kernel/vmlinuz"
    mv "$build/kernel" "$folder"
    rm -rf "$build"
    trap - EXIT
  fi
  flock -u 9
  echo "$folder"
}

# lay_out KERNEL_FOLDER ROOT PROGRAM...: makes the root folder of the guest.
lay_out() {
  local kernel=$1 root=$2 applet program library
  shift 2
  mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,modules}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  cp "$kernel"/*.ko "$kernel/modules" "$root/modules"
  for program in "$@"; do
    cp --remove-destination "$program" "$root/bin" # in place of busybox's own, where it has one
    # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)"
    for library in $(ldd "$program" | grep -oE '/[^ ]+'); do
      mkdir -p "$root$(dirname "$library")"
      cp --dereference "$library" "$root$library"
    done
  done
  cat >"$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
ip link set lo up
. /load-modules
exec 3<>/dev/ttyS1
stty raw -echo <&3
echo ready >&3
# Through cat: a shell that writes to a terminal writes prompts.
sh <&3 2>&1 | cat >&3
INIT
  echo "$LOAD_MODULES" >"$root/load-modules"
  chmod 755 "$root/init"
}

[ $# -ge 2 ] || usage
FOLDER=$1
shift
[ "$(dpkg --print-architecture)" = amd64 ] || die 'the programs of this machine are not for x86'
need qemu-system-x86_64 qemu-system-x86
need depmod kmod
need cpio cpio
need xz xz-utils
need busybox busybox-static
[ "$(busybox i2cset 2>&1 | grep -c 'not found')" = 0 ] || die 'this busybox has no i2cset: apt-get install busybox-static'
! ldd "$(command -v busybox)" >/dev/null 2>&1 || die 'this busybox needs libraries: apt-get install busybox-static'

kernel=$(kernel)
lay_out "$kernel" "$FOLDER/root" "$@"
# Not compressed: unpacking is what an emulated processor is slow at.
(cd "$FOLDER/root" && find . | cpio --quiet --create --format=newc) >"$FOLDER/image"
rm -rf "$FOLDER/root"
# Ends with whoever started it, however that ends. A panic, or the end of the guest's shell, ends it too.
exec setpriv --pdeathsig KILL qemu-system-x86_64 -accel tcg,thread=multi -machine q35 -cpu Nehalem -smp 2 -m 1024 \
  -display none -monitor none -no-reboot -nic none \
  -kernel "$kernel/vmlinuz" -initrd "$FOLDER/image" -append 'console=ttyS0 quiet mitigations=off panic=-1' \
  -chardev stdio,id=shell,signal=off -serial "file:$FOLDER/console" -serial chardev:shell
