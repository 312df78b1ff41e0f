#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# machine.sh
#
# Functions for the tests of packages, which source it, and set `work`, a folder of their own.
# shellcheck disable=SC2154 # The tests set work.

# shellcheck source=Tests/Support/Checks/checks.sh
. Tests/Support/Checks/checks.sh

# mirror: the mirror of this machine's apt.
mirror() {
  # shellcheck source=/dev/null
  (. /etc/os-release && apt-get indextargets --format "\$(SITE)" 'Created-By: Packages' "Codename: $VERSION_CODENAME") | head -n 1
}

# bare_debian CODENAME ROOT PACKAGE…: makes a minimal Debian in the folder ROOT, with these packages.
bare_debian() {
  local packages
  packages=$(IFS=, && echo "${*:3}")
  debootstrap --variant=minbase --include="$packages" "$1" "$2" "$(mirror)" >"$work/debootstrap.log" 2>&1 || {
    cat "$work/debootstrap.log" >&2
    return 1
  }
  # This machine's access to the mirror, such as a proxy.
  cp /etc/apt/apt.conf.d/* "$2/etc/apt/apt.conf.d/"
}

# inside ROOT COMMAND…: runs it in that Debian.
inside() {
  chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${@:2}"
}

# discard ROOT: unmounts all that is mounted in it, and removes it.
discard() {
  local point
  for point in "$1/proc" "$1/sys"; do
    if mountpoint --quiet "$point"; then umount --recursive "$point"; fi
  done
  rm -rf --one-file-system "$1"
}

# The parts of machines, from Tests/Acceptance/KernelMatrix/fetch.sh.
cache=$PWD/.build/kernels
machine= # the process of QEMU

# kernel_of CODENAME: the kernel of that Debian, as fetch.sh names it.
kernel_of() {
  case $1 in
    bookworm) echo 6.1-amd64 ;;
    trixie) echo 6.12-amd64 ;;
    *) echo "no machine with Debian '$1'" >&2 && return 2 ;;
  esac
}

# fetch_machine KERNEL: fetches QEMU and that kernel.
fetch_machine() { Tests/Acceptance/KernelMatrix/fetch.sh "$cache" qemu busybox-amd64 "$1"; }

# add_test ROOT NAME SCRIPT [ARGUMENT]: adds a test to that Debian, in the folder /NAME. Its systemd runs the script at the boot.
add_test() {
  install -D -m 755 "$3" "$1/$2/in-machine.sh"
  install -m 644 Tests/Support/Checks/checks.sh Tests/Support/Machine/inside.sh "$1/$2/"
  cat >"$1/etc/systemd/system/$2.service" <<UNIT
[Unit]
Description=Runs the test of the exporter in this machine
After=network.target dbus.service

[Service]
Type=oneshot
ExecStart=/$2/in-machine.sh ${4-}

[Install]
WantedBy=multi-user.target
UNIT
  inside "$1" systemctl enable "$2.service" >"$work/prepare.log" 2>&1
  # Fixed names, so that the machine needs no DNS.
  echo machine >"$1/etc/hostname"
  printf '127.0.0.1 localhost machine\n' >"$1/etc/hosts"
}

# boot ROOT KERNEL [INIT]: runs that Debian as a machine, with the output of its test in $work/log. INIT is its first program; default: systemd.
boot() {
  local limit=1800 # seconds; a machine takes two minutes on an idle host
  rm -rf "$1"/usr/share/{doc,man,locale} "$1"/var/{cache/apt/*.bin,lib/apt/lists/*}
  (cd "$1" && find . -xdev | "$cache/busybox-amd64/bin/busybox" cpio -o -H newc) >"$work/machine.cpio" 2>/dev/null
  LD_LIBRARY_PATH=$cache/qemu/usr/lib/x86_64-linux-gnu:$cache/qemu/lib/x86_64-linux-gnu \
    timeout "$limit" "$cache/qemu/usr/bin/qemu-system-x86_64" -accel tcg,thread=multi -cpu max \
    -L "$cache/qemu/usr/share/qemu" -L "$cache/qemu/usr/share/seabios" \
    -smp 2 -m 4096 -display none -nodefaults -no-reboot -monitor none \
    -serial "file:$work/console" -serial "file:$work/serial" \
    -kernel "$cache/$2/vmlinuz" -initrd "$work/machine.cpio" \
    -append "console=ttyS0 rdinit=${3-/lib/systemd/systemd} systemd.mask=serial-getty@ttyS0.service quiet panic=-1" \
    </dev/null >"$work/qemu.log" 2>&1 &
  machine=$!
  # The log shows whether it reached the end.
  wait "$machine" || echo "QEMU ended with $?"
  machine=
  tr -d '\r' <"$work/serial" >"$work/log"
}

# stop_machine: ends the machine, if it runs.
stop_machine() { if [ -n "$machine" ]; then kill "$machine" 2>/dev/null; fi; }

# reached_the_end: whether the test did; prints the end of the console if not.
reached_the_end() {
  grep --quiet '^@@ end$' "$work/log" || {
    tail -n 30 "$work/qemu.log" "$work/console" "$work/log"
    return 1
  }
}

# check_log: prints the results of the checks in the machine, counts them, and checks that there are all.
check_log() {
  sed '/^@@/d' "$work/log"
  passed=$(awk '/^ok / { count++ } END { print count + 0 }' "$work/log")
  failed=$(awk '/^FAILED / { count++ } END { print count + 0 }' "$work/log")
  check 'the machine has run checks' test "$passed" -gt 0
  check 'the machine has reached the end of its test' reached_the_end
}
