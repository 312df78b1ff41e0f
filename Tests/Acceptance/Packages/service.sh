#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# service.sh bookworm|trixie deb|make
#
# Boots a Debian in QEMU with systemd as PID 1, installs the exporter there by its package or by `make install`, and uses the service
# (in-machine.sh). The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/machine.sh
. Tests/Support/Machine/machine.sh

codename=$1 how=$2
kernel=$(kernel_of "$codename")

work=$(mktemp --directory)
root=$work/root
trap 'stop_machine; discard "$work"' EXIT

# add_packages: adds the package, its dependencies, and a newer version with the same program.
add_packages() {
  local deb
  deb=$(find "$PWD/.build/deb" -maxdepth 1 -name '*.deb')
  mkdir -p "$root/packages-test/packages"
  cp "$deb" "$root/packages-test/packages/exporter.deb" &&
    inside "$root" apt-get install --yes --no-install-recommends --download-only /packages-test/packages/exporter.deb &&
    mv "$root"/var/cache/apt/archives/*.deb "$root/packages-test/packages/" &&
    dpkg-deb --raw-extract "$deb" "$work/newer" &&
    sed --in-place 's/^Version: .*/&+newer/' "$work/newer/DEBIAN/control" &&
    dpkg-deb --root-owner-group -Znone --build "$work/newer" "$root/packages-test/newer.deb"
}

# add_installation: adds the files of `make install`, and the Makefile for `make uninstall`.
add_installation() {
  cp --recursive .build/packages/tree/. "$root/" && cp Makefile "$root/packages-test/" || return 1
  # The libraries, which are dependencies of the package.
  add_packages && inside "$root" sh -c 'rm /packages-test/packages/exporter.deb && dpkg --install /packages-test/packages/*.deb'
}

counts_are_true() { .build/release/pidns-console-check Tests/Acceptance/KernelMatrix/not-counted "$kernel=$work/log"; }

main() {
  echo "A machine with Debian $codename and systemd, installed by $how"
  fetch_machine "$kernel"
  bare_debian "$codename" "$root" systemd systemd-sysv dbus ca-certificates openssl curl make
  mkdir -p "$root/packages-test"
  if [ "$how" = deb ]; then add_packages; else add_installation; fi >"$work/prepare.log" 2>&1 || {
    cat "$work/prepare.log" >&2
    exit 1
  }
  install -m 755 .build/release/pidns-workload "$root/usr/bin/"
  add_test "$root" packages-test Tests/Acceptance/Packages/in-machine.sh "$how"
  boot "$root" "$kernel"
  check_log
  check 'every count of the service equals the ground truth' counts_are_true
  summarise
}

main
