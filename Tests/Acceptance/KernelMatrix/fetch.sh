#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh CACHE WHAT…
#
# Fetches the parts of the virtual machines into the folder CACHE, unless they are there: kernels
# (5.10-amd64), emulators (qemu), static busyboxes (busybox-arm64), libraries for arm64 programs
# (libraries-arm64), and a compiler for them (swift). All are Debian packages, which are unpacked there and not installed. Needs no root.
set -euo pipefail

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/../../../scripts/debian-packages.sh"
shift

# dependency PACKAGE PATTERN: the first dependency that the pattern matches.
dependency() {
  apt-cache depends --important "$1" | sed -n 's/^  Depends: //p' | grep -m 1 -E "$2"
}

# kernel_in FOLDER: finds the kernel's file.
kernel_in() {
  find "$1" -type f -name 'vmlinuz*' -print -quit
}

# fetch_kernel FOLDER SUITE ARCHITECTURE [FLAVOUR]: fetches the newest kernel of a flavour (default: cloud) as FOLDER/vmlinuz.
fetch_kernel() {
  local folder=$1 flavour=${4-cloud} package image
  use_suites "$3" '' "$2"
  package=$(dependency "linux-image-$flavour-$3" '^linux-image-') || fail "$2 has no $flavour kernel"
  unpack "$folder" "$package"
  image=$(kernel_in "$folder")
  # From 7.x on, the kernel has its own package.
  if [ -z "$image" ]; then
    package=$(dependency "$package" '^linux-binary-') || fail "$package has no kernel"
    unpack "$folder" "$package"
    image=$(kernel_in "$folder")
  fi
  [ -n "$image" ] || fail "$package has no kernel"
  mv "$image" "$folder/vmlinuz"
  # Modules are not needed.
  find "$folder" -mindepth 1 -maxdepth 1 ! -name vmlinuz -exec rm -r {} +
}

# fetch_qemu FOLDER: fetches QEMU of the backports, with the libraries that this machine lacks. Debian 12's
# QEMU 7.2 sometimes loses events of guests.
fetch_qemu() {
  use_suites amd64 /var/lib/dpkg/status "$own" "$own-security" "$own-backports"
  unpack_all "$1" --target-release "$own-backports" qemu-system-x86 qemu-system-arm
}

# fetch WHAT FOLDER
fetch() {
  local folder=$2 architecture=${1#*-}
  case $1 in
    5.10-arm64) fetch_kernel "$folder" bullseye arm64 ;;
    5.10-amd64) fetch_kernel "$folder" bullseye-security amd64 ;;
    6.1-rt-amd64) fetch_kernel "$folder" bookworm-security amd64 rt ;;
    6.12-rt-amd64) fetch_kernel "$folder" trixie amd64 rt ;;
    6.1-*) fetch_kernel "$folder" bookworm-security "$architecture" ;;
    6.12-*) fetch_kernel "$folder" trixie "$architecture" ;;
    newest-*) fetch_kernel "$folder" sid "$architecture" ;;
    qemu) fetch_qemu "$folder" ;;
    busybox-*)
      use_suites "$architecture" '' bookworm
      unpack "$folder" busybox-static
      ;;
    swift)
      use_suites amd64 '' sid
      unpack_all "$folder" swiftlang base-files bash dash coreutils diffutils findutils sed git g++ libbpf-dev pkg-config
      ;;
    libraries-*)
      use_suites "$architecture" '' sid
      unpack_all "$folder" base-files g++ libbpf-dev libcurl4-gnutls-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev \
        libpcre2-dev libseccomp-dev libyaml-dev zlib1g-dev
      unpack "$folder" swiftlang
      ;;
    *) fail "unknown part '$1'" ;;
  esac
}

for what; do
  fetch_once "$what" fetch "$what"
done
