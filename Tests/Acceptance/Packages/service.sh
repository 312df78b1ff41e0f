#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# service.sh bookworm|trixie deb|make
#
# Boots that Debian in QEMU with systemd as PID 1, installs the exporter there, by its package or by `make install`, and uses the service
# (in-machine.sh). Ends with the line `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Acceptance/Packages/common.sh
. Tests/Acceptance/Packages/common.sh

codename=$1 how=$2
cache=$PWD/.build/kernels
limit=1800 # seconds for a machine; two minutes where nothing else runs
case $codename in
  bookworm) kernel=6.1-amd64 ;;
  trixie) kernel=6.12-amd64 ;;
  *) echo "service.sh: no Debian '$codename'" >&2 && exit 2 ;;
esac

work=$(mktemp --directory)
root=$work/root
machine=
trap 'if [ -n "$machine" ]; then kill "$machine" 2>/dev/null; fi; discard "$work"' EXIT

# add_packages: the package, what it needs, and a newer one of the same program.
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

# add_installation: what `make install` installs, and what `make uninstall` needs.
add_installation() {
  cp --recursive .build/packages/tree/. "$root/" && cp Makefile "$root/packages-test/" || return 1
  # The libraries, which a package would have brought.
  add_packages && inside "$root" sh -c 'rm /packages-test/packages/exporter.deb && dpkg --install /packages-test/packages/*.deb'
}

add_test() {
  install -D -m 755 Tests/Acceptance/Packages/in-machine.sh "$root/packages-test/in-machine.sh"
  install -m 755 .build/release/pidns-workload "$root/usr/bin/"
  cat >"$root/etc/systemd/system/packages-test.service" <<END
[Unit]
Description=Uses the service of pidns-exporter
After=network.target dbus.service

[Service]
Type=oneshot
ExecStart=/packages-test/in-machine.sh $how

[Install]
WantedBy=multi-user.target
END
  inside "$root" systemctl enable packages-test.service
  # A machine that knows its name and asks nothing.
  echo machine >"$root/etc/hostname"
  printf '127.0.0.1 localhost machine\n' >"$root/etc/hosts"
}

# boot: runs the machine; what the test in there prints is in $work/log.
boot() {
  rm -rf "$root"/usr/share/{doc,man,locale} "$root"/var/{cache/apt/*.bin,lib/apt/lists/*}
  (cd "$root" && find . -xdev | "$cache/busybox-amd64/bin/busybox" cpio -o -H newc) >"$work/machine.cpio" 2>/dev/null
  LD_LIBRARY_PATH=$cache/qemu/usr/lib/x86_64-linux-gnu:$cache/qemu/lib/x86_64-linux-gnu \
    timeout "$limit" "$cache/qemu/usr/bin/qemu-system-x86_64" -accel tcg,thread=multi -cpu max \
    -L "$cache/qemu/usr/share/qemu" -L "$cache/qemu/usr/share/seabios" \
    -smp 2 -m 3072 -display none -nodefaults -no-reboot -monitor none \
    -serial "file:$work/console" -serial "file:$work/serial" \
    -kernel "$cache/$kernel/vmlinuz" -initrd "$work/machine.cpio" \
    -append 'console=ttyS0 rdinit=/lib/systemd/systemd systemd.mask=serial-getty@ttyS0.service quiet panic=-1' \
    </dev/null >"$work/qemu.log" 2>&1 &
  machine=$!
  # How far it came is judged by its last line.
  wait "$machine" || echo "QEMU ended with $?"
  machine=
  tr -d '\r' <"$work/serial" >"$work/log"
}

# got_to_the_end: whether the test in there did; prints the end of the console if not.
got_to_the_end() {
  grep --quiet '^@@ end$' "$work/log" || {
    tail -n 30 "$work/qemu.log" "$work/console" "$work/log"
    return 1
  }
}

counts_are_true() { .build/release/pidns-judge Tests/Acceptance/KernelMatrix/not-counted "$kernel=$work/log"; }

main() {
  echo "A machine with Debian $codename and systemd, installed by $how"
  Tests/Acceptance/KernelMatrix/fetch.sh "$cache" qemu busybox-amd64 "$kernel"
  bare_debian "$codename" "$root" systemd systemd-sysv dbus ca-certificates openssl curl make
  mkdir -p "$root/packages-test"
  if [ "$how" = deb ]; then add_packages; else add_installation; fi >"$work/prepare.log" 2>&1 || {
    cat "$work/prepare.log" >&2
    exit 1
  }
  add_test >"$work/prepare.log" 2>&1
  boot
  sed '/^@@/d' "$work/log"
  passed=$(awk '/^ok / { count++ } END { print count + 0 }' "$work/log")
  failed=$(awk '/^FAILED / { count++ } END { print count + 0 }' "$work/log")
  holds 'the machine tested something' test "$passed" -gt 0
  holds 'the machine got to the end of its test' got_to_the_end
  holds 'every count of the service equals the truth' counts_are_true
  summarise
}

main
