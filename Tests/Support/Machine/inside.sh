# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# inside.sh
#
# Functions for the tests that run in a virtual machine of machine.sh, as a service of its systemd. They use the exporter there.
# shellcheck disable=SC2034 # The tests use the service's name.

service=prometheus-pidns-exporter
url=http://localhost:10059/metrics

# emit WORD…: prints a line for the programs that read the machine's log.
emit() { echo "@@ $*"; }

# within SECONDS COMMAND…: repeats it until it succeeds.
within() {
  local end=$((SECONDS + $1))
  until "${@:2}"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

scrape() { curl --silent --fail --output /tmp/scrape "$url"; }
serves() { scrape && grep --quiet '^pidns_up 1$' /tmp/scrape; }

# has_scanned TIME: whether the last task scan started after it, so the scrape has all earlier events.
has_scanned() {
  scrape && scanned=$(sed -n 's/^pidns_last_task_walk_timestamp_seconds \([0-9]*\).*/\1/p' /tmp/scrape) && [ "${scanned:-0}" -gt "$1" ]
}
