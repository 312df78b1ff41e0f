#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check-pages.sh FOLDER
#
# Parses the metrics pages that the kernel tests fetched (Tests/Support/Harness/PageRecorder.swift) with
# promtool, swift-protobuf, the tests' strict parser and three versions of prometheus_client. Fails if a
# parser rejects a page, or if there are no pages. Installs the versions of prometheus_client from PyPI into
# .build/parsers, once.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
# Debian 12's version, one with the different exemplar parser of 0.22 and later, and the newest.
versions=(0.16.0 0.22.1 0.26.0)
parsers=$PWD/.build/parsers

install_parsers() {
  local version
  rm -rf "$parsers"
  # Debian's Python, whatever else is on the PATH.
  /usr/bin/python3 -m venv "$parsers/python"
  for version in "${versions[@]}"; do
    "$parsers/python/bin/pip" install --quiet --disable-pip-version-check --no-deps \
      --target "$parsers/$version" "prometheus-client==$version"
  done
  echo "${versions[*]}" >"$parsers/versions"
}

# The first 300 samples of each family: Debian 13's promtool compares each with every other one, which took hours for a page of 10,000
# services.
# shellcheck disable=SC2317 # Bash calls it, for xargs.
promtool_page() {
  awk '/^#/ { n = 0; print; next } n++ < 300' "$1" | promtool check metrics && return
  echo "$1: promtool rejects it"
  return 255
}
export -f promtool_page

# shellcheck disable=SC2016,SC2317 # bash is to expand it; report calls this.
promtool_pages() {
  find "$folder" -name '*.prom' -print0 |
    xargs -0 --no-run-if-empty --max-procs=2 -I '{}' bash -c 'promtool_page "$1"' bash '{}' &&
    echo "prom: $(find "$folder" -name '*.prom' | wc -l) pages read"
}

# report WHAT COMMAND…: prints whether the command succeeds, and its output.
report() {
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok      $what: ${said//$'\n'/, }"
  else
    echo "FAILED  $what"
    head -n 20 <<<"$said" | cut -c1-1000
    return 1
  fi
}

if [ "$(cat "$parsers/versions" 2>/dev/null)" != "${versions[*]}" ]; then install_parsers; fi
jobs=()
report 'promtool' promtool_pages &
jobs+=($!)
report 'swift-protobuf and the strict reader' "$(swift build --show-bin-path)/pidns-read-pages" "$folder" &
jobs+=($!)
for version in "${versions[@]}"; do
  report "prometheus_client $version" env PYTHONPATH="$parsers/$version" \
    /usr/bin/python3 -B Tests/Support/ReadPages/read-pages.py "$folder" &
  jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=1; done
exit "$failed"
