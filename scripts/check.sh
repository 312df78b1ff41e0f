#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh
#
# Runs every check that needs no build of the exporter. Prints the result of each, and continues after a
# failure.
set -uo pipefail

failed=0

# report STATUS WHAT: prints the result. The check itself prints the problems.
report() {
  if [ "$1" = 0 ]; then
    echo "ok      $2"
  else
    echo "FAILED  $2"
    failed=1
  fi
}

# files PATTERN…: the files with these names, except in the folders of git and of builds.
files() {
  local names=()
  for pattern; do names+=(-o -name "$pattern"); done
  find . '(' -path ./.git -o -path './.build*' ')' -prune -o -type f '(' "${names[@]:1}" ')' -print | sort
}

licences() {
  local wrong=0 file expected
  for file in "${sources[@]}"; do
    case $file in
      */bpf/*) expected='(BSD-2-Clause OR GPL-2.0-only)' ;;
      *) expected='Apache-2.0' ;;
    esac
    if ! head -n 3 "$file" | grep -qF "SPDX-License-Identifier: $expected"; then
      echo "$file: no line SPDX-License-Identifier: $expected"
      wrong=1
    fi
  done
  return "$wrong"
}

lengths() {
  local wrong=0 file
  for file in "${sources[@]}"; do
    case $file in
      ./Sources/* | ./bpf/* | ./Plugins/*)
        if [ "$(wc -l <"$file")" -gt 400 ]; then
          echo "$file: more than 400 lines"
          wrong=1
        fi
        ;;
    esac
  done
  return "$wrong"
}

metrics() {
  local wrong=0 file
  for file in "${expositions[@]}"; do
    promtool check metrics <"$file" || wrong=1
  done
  return "$wrong"
}

unit=deploy/systemd/prometheus-pidns-exporter.service
mapfile -t swift < <(files '*.swift')
mapfile -t c < <(files '*.[ch]')
mapfile -t shell < <({ files '*.sh' && grep -lE '^#!.*[/ ](ba|da)?sh$' .ci/* deploy/krew/*; } | sort -u)
mapfile -t workflows < <(files '*.yml' | grep '^\./\.github/workflows/')
mapfile -t expositions < <(files '*.prom')
mapfile -t rules < <(files '*.rules.yml')
mapfile -t rule_tests < <(files '*.rules.test.yml')
mapfile -t jsonnet < <(files '*.jsonnet' '*.libsonnet')
mapfile -t sources < <(files '*.modulemap' '*.css' '*.js' Makefile)
sources+=("${swift[@]}" "${c[@]}" "${shell[@]}" "${jsonnet[@]}")

echo 'Running about fifteen checks: two minutes on two CPUs'
swift format lint --strict --parallel "${swift[@]}"
report $? 'swift format lint'
clang-format --dry-run --Werror "${c[@]}"
report $? 'clang-format'
shellcheck "${shell[@]}"
report $? 'shellcheck'
jsonnetfmt --test "${jsonnet[@]}"
report $? 'jsonnetfmt: make dashboards formats'
metrics
report $? 'promtool check metrics'
if [ ${#rules[@]} != 0 ]; then
  promtool check rules "${rules[@]}"
  report $? 'promtool check rules'
fi
if [ ${#rule_tests[@]} != 0 ]; then
  promtool test rules "${rule_tests[@]}"
  report $? 'promtool test rules'
fi
"$(scripts/check-tools.sh)/python" -B dashboards/check.py
report $? 'dashboards, queries, alerts and runbooks'
"$(scripts/check-tools.sh)/python" -B -m unittest discover --start-directory dashboards/tests
report $? 'the mixin: its configuration, and every query in a real Prometheus of two clusters'
"$(scripts/check-tools.sh)/python" -B scripts/check-configurations.py
report $? "the documents' configurations of Prometheus"
# 20 is an exposure of 2.0. The unit's program is not installed here.
service() {
  systemd-analyze security --offline=true --threshold="$2" --no-pager "$1" >/dev/null &&
    ! systemd-analyze verify --man=no "$1" 2>&1 | grep -v 'is not executable: No such file or directory'
}
service "$unit" 20
report $? 'the systemd unit'
# Both commands read drop-ins beside the unit. It runs as root, without root's capabilities; and systemd does not count ReadOnlyPaths.
pinned=$(mktemp --directory)
mkdir "$pinned/${unit##*/}.d"
cp "$unit" "$pinned/"
cp "${unit%/*}/pinning.conf" "$pinned/${unit##*/}.d/"
service "$pinned/${unit##*/}" 23
report $? 'the systemd unit with the drop-in for pins'
rm -r "$pinned"
"$(scripts/check-tools.sh)/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}" >/dev/null
report $? 'the workflows match the schema of GitHub'
"$(scripts/check-tools.sh)/zizmor" --quiet --offline --persona=pedantic "${workflows[@]}"
report $? 'the workflows: permissions, pinned actions, no injection'
scripts/check-manifests.sh
report $? 'manifests and chart'
licences
report $? 'every source has a licence line'
lengths
report $? 'no source has more than 400 lines'

exit "$failed"
