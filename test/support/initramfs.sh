# shellcheck shell=bash
# Sourced by what boots an emulated machine: kernel modules, and what loads them.

# modules_of TREE DESTINATION "NAME [PARAMETER=VALUE]..."...: copies these modules and those that they need out of the unpacked
# kernel TREE, and writes DESTINATION/modules: a line each, in the order to load them in, with the parameters.
modules_of() {
  local tree=$1 destination=$2 version module parameters name path
  shift 2
  # Where /usr is merged the package has usr/lib; modprobe looks into lib.
  [ -e "$tree/lib" ] || ln -s usr/lib "$tree/lib"
  version=$(ls "$tree/lib/modules")
  [ -e "$tree/lib/modules/$version/modules.dep" ] || depmod --basedir "$tree" "$version"
  mkdir -p "$destination"
  for module in "$@"; do
    read -r name parameters <<<"$module"
    # What it needs comes first and takes no parameters: "insmod /…/regmap-i2c.ko.xz", "builtin i2c-core"
    modprobe --dirname "$tree" --set-version "$version" --show-depends "$name" |
      awk -v parameters="$parameters" '$1 == "insmod" { print last; last = $2 } END { print last, parameters }'
  done | awk 'NF && !seen[$1]++' |
    while read -r path parameters; do
      name=$(basename "$path")
      cp "$path" "$destination/$name"
      case $name in *.xz) xz --decompress "$destination/$name" ;; esac
      echo "${name%.xz} $parameters" >>"$destination/modules"
    done
}

# Lines of shell for an init in busybox: loads what lies in /modules.
# shellcheck disable=SC2016,SC2034 # expanded there; used by who sources this
LOAD_MODULES='while read -r module parameters; do
  insmod "/modules/$module" $parameters
done </modules/modules'
