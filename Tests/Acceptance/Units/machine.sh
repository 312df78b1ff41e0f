#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# machine.sh bookworm|trixie
#
# Boots a Debian in QEMU with systemd as PID 1 and the exporter's service. Runs services there, also in LXC and systemd-nspawn (in-machine.sh), and
# compares their counts with their own records and with systemd's (compare.py). The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/machine.sh
. Tests/Support/Machine/machine.sh

kernel=$(kernel_of "$1")
work=$(mktemp --directory)
root=$work/root
trap 'stop_machine; discard "$work"' EXIT

# add_exporter: installs the package. Its service starts at the boot.
add_exporter() {
  cp "$(find .build/deb -maxdepth 1 -name '*.deb')" "$root/exporter.deb" &&
    inside "$root" apt-get install --yes --no-install-recommends /exporter.deb && rm "$root/exporter.deb" &&
    sed --in-place 's|^ARGS=.*|ARGS="--collector.exec-failures --collector.exit-codes --poll.interval=100ms --labels.grace=0s --namespaces.retention=1h"|' \
      "$root/etc/default/prometheus-pidns-exporter"
}

# compare WHAT: compares it in the log.
compare() { Tests/Acceptance/Units/compare.py "$1" "$work/log"; }

main() {
  echo "Units of systemd in a machine with Debian $1"
  fetch_machine "$kernel"
  bare_debian "$1" "$root" systemd systemd-sysv dbus curl lxc systemd-container
  add_exporter >"$work/prepare.log" 2>&1 || { cat "$work/prepare.log" >&2 && exit 1; }
  add_test "$root" units-test Tests/Acceptance/Units/in-machine.sh
  install -m 644 Tests/Acceptance/Units/guests.sh "$root/units-test/"
  install -m 755 Tests/Acceptance/Units/program.sh "$root/usr/bin/units-program"
  boot "$root" "$kernel"
  check_log
  check "each unit's counts equal its own record" compare counts
  check "each unit's counts in LXC and systemd-nspawn equal its own record" compare guests
  check 'systemd agrees: restarts, exit status, result' compare systemd
  check "the series add up to the node's totals, and nothing is lost" compare sums
  check 'every series continues, and none decreases' compare series
  summarise
}

main "$1"
