#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# order-functions.sh: writes scripts/hot-functions.txt, the functions that the exporter calls after its start. As root, with
# valgrind; a minute after the build.
#
# The linker of the release puts these functions beside each other. Otherwise they are scattered over 12 MB of code, and the kernel
# maps 64 KiB for each page of it that is used: 4 MB more are resident. A function that the list lacks costs some pages, a name that
# no function has any more costs nothing. So write the list again after larger changes, and for another Swift.
set -euo pipefail
cd "$(dirname "$0")/.."

address=127.0.0.1:${PORT:-19059}
work=$(mktemp -d)
exporter=
trap '[ -z "$exporter" ] || kill "$exporter"; rm -rf "$work"' EXIT

make build STRIP=
cp .build/release/pidns-exporter "$work/exporter"
valgrind --tool=callgrind --demangle=no --callgrind-out-file="$work/calls" "$work/exporter" \
  --no-confinement --web.listen-address="$address" >"$work/log" 2>&1 &
exporter=$!

scrape() {
  local accept
  for accept in text/plain application/openmetrics-text application/vnd.google.protobuf; do
    curl --silent --fail --retry 60 --retry-delay 1 --retry-all-errors --output /dev/null \
      --header "Accept: $accept" "$@" "http://$address/metrics"
  done
}

# Several polls and scrapes, some while namespaces begin and end.
poll() {
  local round
  for round in 1 2 3 4 5 6 7 8; do
    echo "round $round of 8"
    unshare --pid --fork --mount-proc sh -c '/bin/true; /bin/false; sleep 1; true'
    scrape
    scrape --header 'Accept-Encoding: gzip'
  done
}

poll
# Functions of the start are not wanted.
callgrind_control --zero "$exporter" >/dev/null
poll
callgrind_control --dump "$exporter" >/dev/null
kill "$exporter"
wait "$exporter"
exporter=

nm --defined-only "$work/exporter" | awk '$2 ~ /[tTwW]/ { print $3 }' | LC_ALL=C sort -u >"$work/defined"
sed -n "s/^c\?fn=([0-9]*) //p" "$work/calls.1" | sed "s/'[0-9]*\$//" | LC_ALL=C sort -u |
  LC_ALL=C comm -12 - "$work/defined" >"$work/hot"
mv "$work/hot" scripts/hot-functions.txt
echo "scripts/hot-functions.txt: $(wc -l <scripts/hot-functions.txt) functions"
make build
