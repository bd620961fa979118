#!/bin/sh
# Installs Pipit from a Debian package or from this folder, or removes it. It changes nothing that it does not print first.
set -eu
umask 022

usage() {
  cat <<'TEXT'
usage: sudo ./install.sh [PACKAGE.deb | --from SOURCE] [--sha256 HASH] [--signed-by KEY.pem] [--dry-run]
                         [--server URL --key KEY --secret-file FILE]
       sudo ./install.sh --uninstall [--dry-run]

  --from SOURCE      install this; default: dist/pipit-linux-ARCH, made by `npm run build`. SOURCE is a file or a URL of
                     - a package, "pipit_1.0.0_arm64.deb"
                     - a folder with SHA256SUMS, "https://example.org/pipit/1.0.0/": its package for this CPU
                     - an executable
  --sha256 HASH      what the file must have; else SHA256SUMS beside it says so (of an executable built here nobody asks)
  --signed-by KEY    demand that SHA256SUMS.sig beside SHA256SUMS was made with the private key of this public one
  --server URL       then configure and start it: `pipit setup` with these, once it is installed
  --key KEY          the provision device key of the device profile
  --secret-file FILE holds the provisioning secret
  --dry-run          print what would be done, change nothing
  --uninstall        remove the program and its service; configuration and state stay
  --help             show this help

With DESTDIR set, files of an executable go below that folder and this system is left alone.
TEXT
}

source=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR:-}
action=install
from=
sha256=
signer=
server=
key=
secret_file=
scratch=
dry_run=no
step='reading the options'
finished=no
done_log=
begun=
units='pipit.service pipit-boot.service pipit-boot-report.service pipit-boot-report.path'
drop_in=/usr/lib/systemd/system/pipit.service.d/systemd-254.conf

say() { printf '%s\n' "$*"; }

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# However it ends early, the operator learns where, and what has been changed by then.
report_end() {
  status=$?
  [ -z "$scratch" ] || rm -rf "$scratch"
  [ "$finished" = no ] || exit 0
  [ "$status" -ne 0 ] || status=1
  printf 'install.sh: FAILED while %s\n' "$step" >&2
  if [ -n "$done_log$begun" ]; then
    [ -z "$done_log" ] || printf 'Done so far:%s\n' "$done_log" >&2
    [ -z "$begun" ] || printf 'Failed, or done in part:\n  %s\n' "$begun" >&2
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
  begun=$*
  "$@"
  begun=
  done_log="$done_log
  $*"
}

main() {
  while [ $# -gt 0 ]; do
    case $1 in
    --from | --sha256 | --signed-by | --server | --key | --secret-file)
      [ $# -ge 2 ] || fail "$1 needs a value; see ./install.sh --help"
      case $1 in
      --from) from=$2 ;;
      --sha256) sha256=$2 ;;
      --signed-by) signer=$2 ;;
      --server) server=$2 ;;
      --key) key=$2 ;;
      --secret-file) secret_file=$2 ;;
      esac
      shift
      ;;
    *.deb) from=$1 ;;
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
  : "${from:=$source/dist/pipit-linux-$arch}"
  step="taking $from"
  take
  case $file in
  *.deb) install_package ;;
  *) install_executable ;;
  esac
  if [ -n "$server$key$secret_file" ]; then configure; else next_steps; fi
}

# It prints its own privileged acts, and what it found.
configure() {
  step='setting it up'
  [ -z "$destination" ] || fail 'DESTDIR is for images: they are configured on the board, see docs/first-boot.md'
  set -- pipit setup
  [ -z "$server" ] || set -- "$@" --server "$server"
  [ -z "$key" ] || set -- "$@" --key "$key"
  [ -z "$secret_file" ] || set -- "$@" --secret-file "$secret_file"
  run "$@"
}

# From wherever it is to a $file that is what somebody vouches for; nobody has to for an executable that was built here.
take() {
  remote=no
  case $from in
  https://*) remote=yes ;;
  http://*)
    remote=yes
    [ -n "$sha256$signer" ] || fail "$from can be changed on the way: use https://, or add --sha256 or --signed-by"
    ;;
  *) [ ! -d "$from" ] || from=${from%/}/ ;;
  esac
  name=${from##*/}
  folder=${from%"$name"}

  sums=
  if [ -z "$name" ] || [ -n "$signer" ]; then
    take_sums
  else
    case $remote$name in
    yes* | *.deb) [ -n "$sha256" ] || take_sums ;;
    esac
  fi
  [ -n "$name" ] || name=$(listed_package)
  case $remote$name in
  yes* | *.deb)
    bring "$name"
    file=$scratch/$name
    ;;
  *) file=$from ;;
  esac
  [ -f "$file" ] || fail "$file is missing: run \`npm run build\`, or say with --from what to install"
  [ -z "$sums" ] || verify_listed
  [ -z "$sha256" ] || verify_hash "$sha256" '--sha256'
}

take_sums() {
  bring SHA256SUMS
  sums=$scratch/SHA256SUMS
  [ -n "$signer" ] || return 0
  [ -f "$signer" ] || fail "$signer is missing: --signed-by wants a public key, PEM"
  command -v openssl >/dev/null || fail 'openssl is missing: apt-get install openssl'
  bring SHA256SUMS.sig
  # openssl, because every Debian that trusts certificates has it: ca-certificates depends on it.
  openssl dgst -sha256 -verify "$signer" -signature "$sums.sig" "$sums" >/dev/null 2>&1 ||
    fail "${folder}SHA256SUMS was not signed with the key of $signer: do not install this"
  say "  SHA256SUMS is signed with the key of $signer"
}

# A copy, so that what is verified is what gets installed.
bring() {
  if [ -z "$scratch" ]; then
    # Not /tmp, which may lie in memory.
    scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/pipit-install.XXXXXX")
    chmod 755 "$scratch" # apt reads packages as a user of its own
  fi
  if [ "$remote" = yes ]; then
    download "$folder$1" "$scratch/$1"
  else
    [ -f "$folder$1" ] || fail "$folder$1 is missing$(instead_of "$1")"
    cp "$folder$1" "$scratch/$1"
  fi
}

instead_of() {
  case $1 in
  SHA256SUMS) echo ', and nobody else vouches for the file: put it beside the file, or give --sha256' ;;
  SHA256SUMS.sig) echo ': nobody has signed this' ;;
  esac
}

download() {
  say "  downloading $1"
  # A redirection must not lead from https to where everybody can change what comes, unless that would be noticed.
  if command -v curl >/dev/null; then
    protocols=https
    [ -z "$sha256$signer" ] || protocols=http,https
    set -- "$@" curl --fail --silent --show-error --location --proto-redir "=$protocols" --output "$2"
  elif command -v wget >/dev/null; then
    redirections=0
    [ -z "$sha256$signer" ] || redirections=5
    set -- "$@" wget --quiet --max-redirect="$redirections" --output-document="$2"
  else
    fail 'neither curl nor wget is here: apt-get install curl'
  fi
  address=$1
  shift 2
  "$@" "$address" || fail "$address cannot be downloaded"
}

# The package for this CPU that $sums lists; of several the newest.
listed_package() {
  debian=$(dpkg --print-architecture) || fail 'there is no dpkg here: name an executable with --from'
  newest=$(awk '{ print $2 }' "$sums" | grep -E "^pipit_[^_/]+_$debian\.deb\$" | sort -V | tail -n 1)
  [ -n "$newest" ] || fail "${folder}SHA256SUMS lists no package for $debian"
  echo "$newest"
}

verify_listed() {
  listed=$(awk -v name="${file##*/}" '$2 == name { print $1 }' "$sums")
  [ -n "$listed" ] || fail "${folder}SHA256SUMS does not list ${file##*/}"
  verify_hash "$listed" SHA256SUMS
}

# verify_hash HASH WHO-SAYS-SO
verify_hash() {
  found=$(sha256sum "$file" | cut -d ' ' -f 1)
  [ "$found" = "$(printf %s "$1" | tr 'A-F' 'a-f')" ] ||
    fail "${file##*/} is not what $2 says: its SHA-256 is $found. Download it anew; do not install this one"
  say "  ${file##*/} is what $2 says"
}

install_package() {
  step='checking the package'
  [ -z "$destination" ] || fail "DESTDIR is for executables; into an image: dpkg --root=$destination --install $file"
  command -v apt-get >/dev/null || fail 'there is no apt-get here: name an executable with --from'
  [ "$(dpkg-deb --field "$file" Package)" = pipit ] || fail "$name is not a package of Pipit"
  package_arch=$(dpkg-deb --field "$file" Architecture)
  [ "$package_arch" = "$(dpkg --print-architecture)" ] ||
    fail "$name is for $package_arch, this system is $(dpkg --print-architecture)"
  version=$(dpkg-deb --field "$file" Version)
  say "Installing Pipit $version ($package_arch)"

  step='installing the package'
  if is_package_installed && dpkg-deb --info "$file" md5sums | cmp -s - /var/lib/dpkg/info/pipit.md5sums; then
    say "  pipit $version is installed already"
    return
  fi
  # An edited configuration stays, unasked, and so does one that this script has put there.
  run env DEBIAN_FRONTEND=noninteractive apt-get install --yes --reinstall --allow-downgrades \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$file"
  # Of an installation without a package; the package has it compressed.
  leftover=/usr/share/doc/pipit/third-party-licences.txt
  [ ! -e "$leftover" ] || run rm "$leftover"
}

is_package_installed() {
  command -v dpkg-query >/dev/null &&
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' pipit 2>/dev/null)" = installed ]
}

install_executable() {
  executable=$file
  [ -f "$source/config/pipit.toml" ] || fail "$source/config/pipit.toml is missing: take the whole folder"
  if [ -z "$destination" ]; then
    command -v systemctl >/dev/null || fail 'there is no systemd here; Pipit is installed as a systemd service'
    ! is_package_installed ||
      fail 'Pipit is installed as a Debian package: install a newer package, or remove it first: apt-get remove pipit'
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
  for unit in $units; do
    put 0644 "$source/systemd/$unit" "/usr/lib/systemd/system/$unit"
  done
  # An older systemd would complain of each line in it.
  [ "$(systemd_version)" -lt 254 ] || put 0644 "$source/systemd/systemd-254.conf" "$drop_in"
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
  # These do something only where there is a pipit.toml on the boot partition.
  on_this_system systemctl --quiet enable pipit-boot.service pipit-boot-report.path
  on_this_system systemctl start pipit-boot-report.path
  # Only a service that runs already is started again: a new one waits for its configuration.
  on_this_system systemctl try-restart pipit.service
}

uninstall() {
  if [ -z "$destination" ] && is_package_installed; then
    step='removing the package'
    run env DEBIAN_FRONTEND=noninteractive apt-get remove --yes pipit
    say 'Kept: the configuration in /etc/pipit, the credentials and samples in /var/lib/pipit.'
    say 'To remove them too, which makes this a new device for the server: sudo apt-get purge pipit'
    return
  fi
  step='stopping the service'
  if [ -z "$destination" ] && systemctl cat pipit.service >/dev/null 2>&1; then
    run systemctl disable --now pipit-boot-report.path pipit-boot.service pipit.service
  fi
  step='removing files'
  for unit in $units; do
    [ ! -e "$destination/usr/lib/systemd/system/$unit" ] || run rm "$destination/usr/lib/systemd/system/$unit"
  done
  for path in /usr/bin/pipit "$drop_in" /usr/lib/sysusers.d/pipit.conf \
    /usr/share/doc/pipit/copyright /usr/share/doc/pipit/third-party-licences.txt; do
    [ ! -e "$destination$path" ] || run rm "$destination$path"
  done
  [ ! -d "$destination${drop_in%/*}" ] || run rmdir --ignore-fail-on-non-empty "$destination${drop_in%/*}"
  [ ! -d "$destination/usr/share/doc/pipit" ] || run rmdir "$destination/usr/share/doc/pipit"
  step='telling systemd'
  on_this_system systemctl daemon-reload
  say 'Kept: the configuration in /etc/pipit, the credentials and samples in /var/lib/pipit, the user pipit.'
  say 'To remove them too, which makes this a new device for the server:'
  say '  sudo rm -r /etc/pipit /var/lib/pipit && sudo userdel pipit'
}

# "systemd 257 (257.9-1)": 257. Below DESTDIR, where nobody knows, what every systemd takes.
systemd_version() {
  if [ -n "$destination" ]; then echo 0; else systemctl --version | awk 'NR == 1 { print $2 + 0 }'; fi
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
  sudo pipit setup --server coaps://HOST --key KEY --secret-file FILE
It becomes a device on that server, starts the service and waits for the first value. Or by hand: /etc/pipit/pipit.toml,
`sudo pipit config check`, `sudo systemctl enable --now pipit`.
TEXT
}

trap report_end EXIT
trap 'exit 1' HUP INT PIPE TERM
main "$@"
