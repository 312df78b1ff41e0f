#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# common.sh
#
# What the tests of packages share. They source it, and set `work`, a folder of their own.
# shellcheck disable=SC2154 # work is theirs

passed=0 failed=0

# holds WHAT COMMAND…: runs it and reports whether it succeeds; prints its output if it fails.
holds() {
  if "${@:2}" >"$work/output" 2>&1; then
    echo "ok      $1"
    passed=$((passed + 1))
  else
    echo "FAILED  $1"
    cat "$work/output"
    failed=$((failed + 1))
  fi
}

# summarise: the last line of a test, and its exit status.
summarise() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# mirror: where this machine's own apt gets its packages from.
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
  # The machine's own way to the mirror, such as a proxy.
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
