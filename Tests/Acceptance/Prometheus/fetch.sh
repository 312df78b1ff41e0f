#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh CACHE
#
# Fetches time series databases of several Debian suites into the folder CACHE, unless they are there: Prometheus of bookworm, of
# trixie and the newest of all suites, and the newest VictoriaMetrics. All are Debian packages, which are unpacked
# there and not installed. `run` in each folder starts the database. Needs no root.
set -euo pipefail

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/../../../scripts/debian-packages.sh"
architecture=$(dpkg --print-architecture)

# newest PACKAGE: prints PACKAGE=VERSION for the newest version in all suites. apt's own candidate would not consider experimental.
newest() {
  local version newest=
  for version in $(apt-cache madison "$1" | awk -F ' *[|] *' '{ print $2 }'); do
    if [ -z "$newest" ] || dpkg --compare-versions "$version" gt "$newest"; then newest=$version; fi
  done
  [ -n "$newest" ] || fail "no suite has $1"
  echo "$1=$newest"
}

# fetch NAME FOLDER: fetches the newest package of a program, from the suites that NAME (PROGRAM-SUITE) stands for. If the program does not
# start with this machine's libraries, the folder also gets those of its suite.
fetch() {
  # shellcheck disable=SC2016 # expanded in the generated script
  local folder=$2 program=${1%-*} suites=("${1##*-}") package libraries loader='' here='$(dirname "$0")'
  if [ "${suites[0]}" = newest ]; then suites=(trixie experimental sid); fi
  use_suites "$architecture" '' "${suites[@]}"
  package=$(newest "$program")
  echo "$package"
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

for name in prometheus-bookworm prometheus-trixie prometheus-newest victoria-metrics-newest; do
  fetch_once "$name" fetch "$name"
done
