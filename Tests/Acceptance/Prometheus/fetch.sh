#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh CACHE
#
# Puts the time series databases of several Debian suites into the folder CACHE, unless they are there: Prometheus of bookworm, of
# trixie and the newest of all suites, and the newest VictoriaMetrics. All of them are Debian packages, which are unpacked
# there and never installed. `run` in the folder of each starts it. Needs no root.
set -euo pipefail

mkdir -p "$1"
cache=$(realpath "$1")

fail() {
  echo "fetch.sh: $1" >&2
  exit 1
}

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/../../../scripts/debian-packages.sh"
architecture=$(dpkg --print-architecture)

# newest PACKAGE: its newest version in the suites that apt sees, as apt-get takes it. apt's own candidate would leave experimental out.
newest() {
  local version newest=
  for version in $(apt-cache madison "$1" | awk -F ' *[|] *' '{ print $2 }'); do
    if [ -z "$newest" ] || dpkg --compare-versions "$version" gt "$newest"; then newest=$version; fi
  done
  [ -n "$newest" ] || fail "no suite has $1"
  echo "$1=$newest"
}

# fetch FOLDER PROGRAM SUITE…: a program's newest package in these suites. Where the program does not start with this machine's libraries,
# those of its suite are put beside it.
fetch() {
  # shellcheck disable=SC2016 # the script's own folder, wherever that is
  local folder=$1 program=$2 package libraries loader='' here='$(dirname "$0")'
  shift 2
  use_suites "$architecture" '' "$@"
  package=$(newest "$program")
  echo "Fetching $package"
  unpack "$folder" "$package"
  if [ -n "${OWN_LIBRARIES-}" ] || ! "$folder/usr/bin/$program" --version >/dev/null 2>&1; then
    unpack "$folder" libc6 libzstd1
    # Below lib/ or usr/lib/, by suite.
    loader=$(cd "$folder" && find . -path '*/lib/*-linux-*/ld-linux*' -printf '%P' -quit)
    libraries=$(basename "$(dirname "$loader")")
    loader="\"$here/$loader\" --library-path \"$here/lib/$libraries:$here/usr/lib/$libraries\" "
  fi
  printf '#!/bin/sh\nexec %s"%s" "$@"\n' "$loader" "$here/usr/bin/$program" >"$folder/run"
  chmod +x "$folder/run"
}

# Each in a folder of its name.
for name in prometheus-bookworm prometheus-trixie prometheus-newest victoria-metrics-newest; do
  if [ -d "$cache/$name" ]; then continue; fi
  case $name in
    *-newest) suites=(trixie experimental sid) ;;
    *) suites=("${name#*-}") ;;
  esac
  rm -rf "$cache/$name.new"
  fetch "$cache/$name.new" "${name%-*}" "${suites[@]}"
  mv "$cache/$name.new" "$cache/$name"
done
