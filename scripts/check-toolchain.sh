#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check-toolchain.sh [--version]
#
# Fails with one line of advice if Swift or git is missing. With --version, also fails if Swift does not start
# or is too old. Prints nothing on success.
set -euo pipefail

fail() {
  echo "make: $1" >&2
  exit 1
}

need=6.3
install="install Swift $need or newer (https://www.swift.org/install/linux/) and have it on the PATH"

swift=$(command -v swift) || {
  # sudo and su drop the user's PATH.
  if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER-}" ]; then
    fail "swift is not on the PATH of root, which sudo sets; run make without sudo, it calls sudo itself where it needs root; or $install"
  fi
  fail "swift is not on the PATH; $install"
}
command -v git >/dev/null || fail 'git is not on the PATH, and swift build needs it to fetch packages; run: apt-get install git'
if [ "${1-}" != --version ]; then exit 0; fi

said=$(swift --version 2>&1) || fail "$swift does not start: $(tail -n 1 <<<"$said"); $install"
version=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$said" | head -n 1)
[ -n "$version" ] || fail "$swift is not a Swift toolchain: it prints '$(head -n 1 <<<"$said")'; $install"
oldest=$(printf '%s\n' "$need" "$version" | sort --version-sort | head -n 1)
[ "$oldest" = "$need" ] || fail "$swift is Swift $version; $install"
