#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# machine.sh bookworm|trixie
#
# Boots a Debian in QEMU with systemd as PID 1, cgroup v2 and containerd, and runs suites of the kernel tests there (in-machine.sh). The last line is
# `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/machine.sh
. Tests/Support/Machine/machine.sh

kernel=$(kernel_of "$1")
work=$(mktemp --directory)
root=$work/root
trap 'stop_machine; discard "$work"' EXIT

# add FILE: adds it to the machine, at its path here, which the tests know.
add() { install -D -m 755 "$1" "$root$(realpath "$1")"; }

# add_tests: adds the tests, the programs that they run, and Swift's libraries. The C libraries are those of the machine.
add_tests() {
  local file
  for file in pidns-exporterPackageTests.xctest pidns-exporter pidns-workload; do
    add ".build/debug/$file"
    strip --strip-debug "$root$(realpath ".build/debug/$file")"
  done
  for file in Tests/Support/CRI/*; do add "$file"; done
  ldd .build/debug/pidns-exporterPackageTests.xctest | awk '$3 ~ /swift/ { print $3 }' | while read -r file; do install -D "$file" "$root$file"; done
  ln -s "$(realpath .build/debug)" "$root/tests"
}

main() {
  echo "Kernel suites in a machine with Debian $1, systemd and cgroup v2"
  fetch_machine "$kernel"
  bare_debian "$1" "$root" systemd systemd-sysv dbus containerd runc busybox-static binutils openssl
  # By apt, which knows the names that libraries have in this Debian, and the order of Python's packages.
  inside "$root" apt-get install --yes --no-install-recommends \
    libbpf1 libcurl3-gnutls libjansson4 libmicrohttpd12 libpcre2-8-0 libseccomp2 libyaml-0-2 \
    python3-grpc-tools python3-grpcio python3-pkg-resources python3-protobuf >"$work/prepare.log" 2>&1 || { cat "$work/prepare.log" >&2 && exit 1; }
  add_tests
  add_test "$root" systemd-cgroups Tests/Acceptance/SystemdCgroups/in-machine.sh
  install -m 755 Tests/Acceptance/SystemdCgroups/init.sh "$root/systemd-cgroups/"
  boot "$root" "$kernel" /systemd-cgroups/init.sh
  check_log
  summarise
}

main "$1"
