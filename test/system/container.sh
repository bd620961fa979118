#!/bin/bash
# A Debian container with a real systemd as PID 1, without needing systemd, D-Bus or machined on the host.
# PIPIT_TEST_DEBIAN names the release (default: bookworm). Root only. Everything it mounts lives in a private mount namespace; everything it starts ends with its owner.
set -euo pipefail
shopt -s inherit_errexit # in $(...), too
umask 022

SUITE=${PIPIT_TEST_DEBIAN:-bookworm}
# What an installed Debian has and minbase lacks, as far as Pipit or its test needs it.
PACKAGES=systemd,systemd-sysv,dbus,iproute2,ca-certificates,libatomic1,libstdc++6,procps
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/pipit-test
BOOT_LIMIT_S=60
# What nspawn ends with when the system in it wants to be started again.
REBOOTED=133

usage() {
  cat >&2 <<'TEXT'
usage: container.sh start NAME OWNER_PID   boots a fresh container; it ends when the process OWNER_PID does
       container.sh root NAME              prints the path of its root folder, to put files in
       container.sh exec NAME COMMAND...   runs a command inside
       container.sh beside NAME COMMAND... runs a command of this machine in the container's network, which outlives its reboots
       container.sh reboot NAME            reboots it in order, and waits until it is up again
       container.sh stop NAME              ends it and removes all traces
TEXT
  exit 64
}

die() {
  echo "container.sh: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

# Builds the root file system once and keeps it as a tarball; prints the tarball's path.
rootfs() {
  local arch tarball build
  arch=$(dpkg --print-architecture)
  tarball=$CACHE/$SUITE-$arch-$(printf %s "$PACKAGES" | sha256sum | cut -c1-8).tar.zst
  mkdir -p "$CACHE"
  exec 9>"$CACHE/.lock"
  flock 9
  if [ ! -s "$tarball" ]; then
    echo "container.sh: building $SUITE for $arch once, about a minute" >&2
    build=$(mktemp -d "$CACHE/build.XXXXXX")
    # shellcheck disable=SC2064 # the folder of now, not of later
    trap "rm -rf --one-file-system '$build'" EXIT
    # What debootstrap mounts in there goes away with the namespace.
    unshare --mount --propagation private \
      debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$build/root" \
      >"$CACHE/debootstrap.log" 2>&1 9>&- ||
      die "debootstrap failed: $(tail -n 3 "$CACHE/debootstrap.log") (all of it: $CACHE/debootstrap.log)"
    rm -rf "$build"/root/var/lib/apt/lists/* "$build"/root/var/cache/apt/archives/*.deb
    : >"$build/root/etc/machine-id"
    # There is no udev in it: a login on a serial console would wait 90 s for its device.
    ln -sf /dev/null "$build/root/etc/systemd/system/serial-getty@.service"
    tar -C "$build/root" --xattrs --numeric-owner -cf - . | zstd -q -3 -T0 -o "$tarball.tmp" -f
    mv "$tarball.tmp" "$tarball"
    rm -rf --one-file-system "$build"
    trap - EXIT
  fi
  flock -u 9
  echo "$tarball"
}

# PID 1 of the container as the host sees it: the child of nspawn that is number 1 in its own namespace.
leader() {
  local pid
  for pid in $(pgrep -P "$(cat "$STATE/nspawn.pid")"); do
    if awk '/^NSpid:/ && NF > 2 && $NF == 1 { found = 1 } END { exit !found }' "/proc/$pid/status"; then
      echo "$pid"
      return
    fi
  done
  return 1
}

inside() {
  local pid
  pid=$(leader) || die "$NAME does not run: $(tail -n 5 "$STATE/log")"
  # The wall clock has no namespace: nothing in there may be able to set it.
  setpriv --bounding-set -sys_time,-sys_boot,-sys_rawio,-sys_module \
    nsenter --target "$pid" --all -- \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb "$@"
}

remove_cgroup() {
  local try
  for try in $(seq 100); do
    find "$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -e "$CGROUP" ] || return 0
    sleep 0.05
  done
  echo "container.sh: $CGROUP stays behind after $try tries" >&2
}

# Runs in a private mount namespace for as long as the container does.
supervise() {
  local owner=$1
  nspawn='' watcher='' # not local: the trap runs when this function is over
  # shellcheck disable=SC2317 # called by the trap
  cleanup() {
    trap - EXIT INT TERM
    [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
    if [ -n "$nspawn" ] && kill -0 "$nspawn" 2>/dev/null; then
      echo 1 >"$CGROUP/payload/cgroup.kill" || kill -KILL "$nspawn"
      wait "$nspawn" || true
    fi
    remove_cgroup
  }
  trap cleanup EXIT
  trap 'exit 143' INT TERM
  echo $$ >"$STATE/supervisor.pid"
  # A copy of another test's disk would keep it mounted when that test is done with it.
  awk '$1 ~ "^/dev/loop" { print $2 }' /proc/self/mounts | xargs -r umount
  # Only cgroup v2, whatever the host has; and /run off the root disk, as nspawn demands.
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs /run
  if [ -e "$CGROUP" ]; then # of a supervisor that was killed: `start` has made sure that there is none
    echo 1 >"$CGROUP/cgroup.kill"
    remove_cgroup
  fi
  mkdir "$CGROUP"
  touch "$STATE/net"
  unshare --net="$STATE/net" true
  tail --pid="$owner" --follow /dev/null &
  watcher=$!
  local status=$REBOOTED
  while [ "$status" = "$REBOOTED" ]; do
    [ ! -d "$CGROUP/payload" ] || find "$CGROUP" -mindepth 1 -depth -type d -exec rmdir {} +
    # CAP_BPF and its kin are for RestrictAddressFamilies= and IPAddressDeny=, which else would silently do nothing.
    # shellcheck disable=SC2016 # expanded by the inner shell
    # And /proc/sys/net is its own to write, as where nspawn makes the network namespace itself.
    SYSTEMD_NSPAWN_API_VFS_WRITABLE=network setpriv --bounding-set -sys_time,-sys_module,-sys_rawio \
      bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$CGROUP" \
      systemd-nspawn --boot --directory="$STATE/root" --machine="$NAME" --register=no --keep-unit \
      --console=read-only --network-namespace-path="$STATE/net" --capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN \
      --system-call-filter=bpf </dev/null &
    nspawn=$!
    echo "$nspawn" >"$STATE/nspawn.pid"
    # Whichever ends first: the container, or whoever wanted it.
    status=0
    wait -n "$nspawn" "$watcher" || status=$?
    kill -0 "$watcher" 2>/dev/null || break
  done
}

# Whether the supervisor has been there and is gone.
ended() {
  [ -s "$STATE/supervisor.pid" ] && ! kill -0 "$(cat "$STATE/supervisor.pid")" 2>/dev/null
}

start() {
  local owner=$1 tarball
  need debootstrap debootstrap
  need zstd zstd
  need systemd-nspawn systemd-container
  need pgrep procps
  tarball=$(rootfs)
  [ ! -e "$STATE" ] || die "$NAME is there already; container.sh stop $NAME"
  mkdir -p "$STATE/root"
  zstd -dqc "$tarball" | tar -C "$STATE/root" --xattrs --numeric-owner -xpf -
  setsid unshare --mount --propagation private bash "$0" supervise "$NAME" "$owner" \
    </dev/null >"$STATE/log" 2>&1 &
  await_boot
}

await_boot() {
  local state='' deadline=$((SECONDS + BOOT_LIMIT_S))
  while :; do
    state=$(inside systemctl is-system-running 2>/dev/null) || true
    case $state in running | degraded) break ;; esac
    if [ "$SECONDS" -ge "$deadline" ] || ended; then
      tail -n 20 "$STATE/log" >&2
      stop
      die "$NAME has not booted within $BOOT_LIMIT_S s (${state:-no answer})"
    fi
    sleep 0.1
  done
  echo "$state"
}

beside() {
  # The namespace is mounted where the supervisor lives, and nowhere else.
  exec nsenter --net="/proc/$(cat "$STATE/supervisor.pid")/root$STATE/net" -- "$@"
}

reboot() {
  local former deadline=$((SECONDS + BOOT_LIMIT_S))
  former=$(cat "$STATE/nspawn.pid")
  # What `systemctl reboot` asks for. From out here, because a command that is inside while it goes down may never return.
  kill -s RTMIN+5 "$(leader)"
  while [ "$(cat "$STATE/nspawn.pid")" = "$former" ]; do
    [ "$SECONDS" -lt "$deadline" ] || die "$NAME has not gone down within $BOOT_LIMIT_S s: $(tail -n 5 "$STATE/log")"
    sleep 0.1
  done
  await_boot
}

stop() {
  local supervisor
  if [ -s "$STATE/supervisor.pid" ]; then
    supervisor=$(cat "$STATE/supervisor.pid")
    kill "$supervisor" 2>/dev/null || true
    for _ in $(seq 200); do
      kill -0 "$supervisor" 2>/dev/null || break
      sleep 0.05
    done
    ! kill -0 "$supervisor" 2>/dev/null || die "$NAME does not end: process $supervisor"
  fi
  rm -rf --one-file-system "$STATE"
}

[ $# -ge 2 ] || usage
[ "$(id -u)" = 0 ] || die "must run as root"
command=$1
NAME=$2
shift 2
case $NAME in *[!a-z0-9-]* | '') die "the name may have a-z, 0-9 and - only" ;; esac
STATE=$CACHE/run/$NAME
CGROUP=/sys/fs/cgroup/pipit-$NAME
case $command in
start) [ $# = 1 ] || usage; start "$1" ;;
supervise) supervise "$1" ;;
root) echo "$STATE/root" ;;
exec) [ $# -ge 1 ] || usage; inside "$@" ;;
beside) [ $# -ge 1 ] || usage; beside "$@" ;;
reboot) reboot ;;
stop) stop ;;
*) usage ;;
esac
