#!/bin/sh
# Installs Pipit from this folder, or removes it. It changes nothing that it does not print first.
set -eu
umask 022

usage() {
  cat <<'TEXT'
usage: sudo ./install.sh [--from FILE] [--dry-run]
       sudo ./install.sh --uninstall [--dry-run]

  --from FILE   install this executable (default: dist/pipit-linux-ARCH, made by `npm run build`)
  --dry-run     print what would be done, change nothing
  --uninstall   remove the program and its service; configuration and state stay
  --help        show this help

With DESTDIR set, files go below that folder and this system is left alone.
TEXT
}

source=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR:-}
action=install
executable=
dry_run=no
step='reading the options'
finished=no
done_log=

say() { printf '%s\n' "$*"; }

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# However it ends early, the operator learns where, and what has been changed by then.
report_end() {
  status=$?
  [ "$finished" = no ] || exit 0
  [ "$status" -ne 0 ] || status=1
  printf 'install.sh: FAILED while %s\n' "$step" >&2
  if [ -n "$done_log" ]; then
    printf 'Done so far:%s\n' "$done_log" >&2
    printf 'It is safe to run it again.\n' >&2
  else
    printf 'Nothing was changed.\n' >&2
  fi
  exit "$status"
}

# Every change to the system goes through here.
run() {
  say "  $*"
  [ "$dry_run" = no ] || return 0
  "$@"
  done_log="$done_log
  $*"
}

main() {
  while [ $# -gt 0 ]; do
    case $1 in
    --from)
      [ $# -ge 2 ] || fail '--from needs a file'
      executable=$2
      shift
      ;;
    --dry-run) dry_run=yes ;;
    --uninstall) action=uninstall ;;
    --help | -h)
      usage
      finished=yes
      exit 0
      ;;
    *) fail "unknown option $1; see ./install.sh --help" ;;
    esac
    shift
  done
  if [ -z "$destination" ] && [ "$dry_run" = no ] && [ "$(id -u)" -ne 0 ]; then
    fail 'must run as root: sudo ./install.sh'
  fi
  [ "$dry_run" = no ] || say 'Dry run: nothing is changed.'
  "$action"
  finished=yes
}

install() {
  step='checking this system'
  arch=$(node_arch)
  : "${executable:=$source/dist/pipit-linux-$arch}"
  [ -f "$executable" ] || fail "$executable is missing: run \`npm run build\`, or name a file with --from"
  [ -f "$source/config/pipit.toml" ] || fail "$source/config/pipit.toml is missing: take the whole folder"
  if [ -z "$destination" ]; then
    command -v systemctl >/dev/null || fail 'there is no systemd here; Pipit is installed as a systemd service'
    version=$(version_of "$executable")
    say "Installing Pipit $version ($arch)"
  else
    say "Installing Pipit ($arch) below $destination"
  fi

  step='installing the program'
  put 0755 "$executable" /usr/bin/pipit
  put 0644 "$source/LICENSE" /usr/share/doc/pipit/copyright
  licences=${executable%/*}/third-party-licences.txt
  [ ! -f "$licences" ] || put 0644 "$licences" /usr/share/doc/pipit/third-party-licences.txt

  step='installing the service'
  put 0644 "$source/systemd/pipit.service" /usr/lib/systemd/system/pipit.service
  put 0644 "$source/systemd/pipit.sysusers.conf" /usr/lib/sysusers.d/pipit.conf
  on_this_system systemd-sysusers pipit.conf

  step='installing the configuration'
  if [ -e "$destination/etc/pipit/pipit.toml" ]; then
    say "  $destination/etc/pipit/pipit.toml is kept as it is"
  else
    # It may hold the provisioning secret: for root and the service, nobody else.
    put 0640 "$source/config/pipit.toml" /etc/pipit/pipit.toml
    on_this_system chgrp pipit /etc/pipit/pipit.toml
  fi

  step='telling systemd'
  on_this_system systemctl daemon-reload
  # Only a service that runs already is started again: a new one waits for its configuration.
  on_this_system systemctl try-restart pipit.service
  next_steps
}

uninstall() {
  step='stopping the service'
  if [ -z "$destination" ] && systemctl cat pipit.service >/dev/null 2>&1; then
    run systemctl disable --now pipit.service
  fi
  step='removing files'
  for path in /usr/bin/pipit /usr/lib/systemd/system/pipit.service /usr/lib/sysusers.d/pipit.conf \
    /usr/share/doc/pipit/copyright /usr/share/doc/pipit/third-party-licences.txt; do
    [ ! -e "$destination$path" ] || run rm "$destination$path"
  done
  [ ! -d "$destination/usr/share/doc/pipit" ] || run rmdir "$destination/usr/share/doc/pipit"
  step='telling systemd'
  on_this_system systemctl daemon-reload
  say 'Kept: the configuration in /etc/pipit, the credentials and samples in /var/lib/pipit, the user pipit.'
  say 'To remove them too, which makes this a new device for the server:'
  say '  sudo rm -r /etc/pipit /var/lib/pipit && sudo userdel pipit'
}

# x64 or arm64, of the programs and not of the kernel: a Raspberry Pi can run 32-bit programs on a 64-bit kernel.
node_arch() {
  if command -v dpkg >/dev/null; then
    machine=$(dpkg --print-architecture)
  else
    machine=$(uname -m)
    [ "$(getconf LONG_BIT)" = 64 ] || machine="$machine with 32-bit programs"
  fi
  case $machine in
  amd64 | x86_64) echo x64 ;;
  arm64 | aarch64) echo arm64 ;;
  *) fail "this system is $machine; Pipit runs on 64-bit x86 and Arm. Raspberry Pi 3, 4, 5 and Zero 2: install the 64-bit Raspberry Pi OS" ;;
  esac
}

# Running it is the one test that finds a wrong CPU, a damaged file and a missing library alike.
version_of() {
  if ! found=$("$1" --version 2>&1); then
    case $found in
    *libatomic*) fail 'the library libatomic1 is missing: apt-get install libatomic1' ;;
    *) fail "$1 does not run here: $found" ;;
    esac
  fi
  echo "$found"
}

# put MODE FILE PATH: through a new file and a rename, because a running program cannot be written over.
put() {
  target=$destination$3
  if cmp -s "$2" "$target" && [ "$(stat -c %a "$target")" = "${1#0}" ]; then
    say "  $target is up to date"
    return
  fi
  [ -d "${target%/*}" ] || run mkdir -p "${target%/*}"
  run cp "$2" "$target.new"
  run chmod "$1" "$target.new"
  run mv "$target.new" "$target"
}

on_this_system() {
  [ -n "$destination" ] || run "$@"
}

next_steps() {
  [ -z "$destination" ] && [ "$dry_run" = no ] || return 0
  if systemctl --quiet is-active pipit.service; then
    say 'Pipit runs. See: systemctl status pipit'
    return
  fi
  cat <<'TEXT'
Pipit is installed and not yet started. Next:
  sudo nano /etc/pipit/pipit.toml      set url in [server], key and secret in [provisioning]
  sudo pipit config check
  sudo systemctl enable --now pipit
TEXT
}

trap report_end EXIT
main "$@"
