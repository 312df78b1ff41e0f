#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh
#
# Installs the Debian package of .build/deb in a bare Debian 12, runs what it brought, and removes and purges it: says of each step whether it
# holds. There is no systemd in there: the unit is checked by `make check`, and the program is started as the unit would, as nobody with two
# capabilities.
set -euo pipefail
cd "$(dirname "$0")/../.."

root=$(mktemp --directory)
# It is to be the root of somebody who is not root.
chmod 755 "$root"
server=
# Nothing of it may stay mounted when it is removed.
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi; umount "$root/proc" "$root/sys" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
passed=0 failed=0

# holds WHAT COMMAND…: runs it, and says whether it succeeds; what it said, if it does not.
holds() {
  if "${@:2}" >"$root/said" 2>&1; then
    echo "ok      $1"
    passed=$((passed + 1))
  else
    echo "FAILED  $1"
    cat "$root/said"
    failed=$((failed + 1))
  fi
}

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
files() { (cd "$root" && find etc usr var lib opt -xdev '(' -path var/cache -o -path var/lib/dpkg -o -path var/log -o -path var/lib/apt ')' -prune -o -print | sort); }

debs=(.build/deb/*.deb)
deb=${debs[0]}
[ -e "$deb" ] || { echo 'there is no package in .build/deb: make deb' >&2; exit 1; }
# The machine's own mirror, whatever that is.
# shellcheck disable=SC2016 # A format of apt's.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
echo 'Making a bare Debian 12'
debootstrap --variant=minbase --include=man-db,bash-completion bookworm "$root" "$mirror" >"$root.log" 2>&1 || { cat "$root.log" >&2; exit 1; }
rm "$root.log"
cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/"
# So that pages are there.
rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
mount --rbind /sys "$root/sys"
mount --make-rslave "$root/sys"
mount --bind /proc "$root/proc"
files >"$root/../before.$$"
before=$root/../before.$$

holds 'lintian has nothing to say' lintian --allow-root --fail-on=error,warning "$deb"
cp "$deb" "$root/package.deb"
holds 'it installs, with what it needs' inside apt-get install --yes --no-install-recommends /package.deb
holds 'the program says its version' grep --quiet "$(cat VERSION)" <(inside pidns-exporter --version)
for page in pidns-exporter pidns-exporter-events pidns-exporter-top; do
  holds "there is a manual page $page, in order" inside sh -c "test -z \"\$(man --warnings $page 2>&1 >/dev/null)\" && man $page | grep -q -- --help"
done
# shellcheck disable=SC2016 # It is for the shell in there.
complete='. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/pidns-exporter
  COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}
  _pidns-exporter pidns-exporter "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; echo "${COMPREPLY[@]}"'
holds 'bash completes commands' grep --quiet --word-regexp events <(inside bash -O extglob -c "$complete" bash 'pidns-exporter ev')
holds 'bash completes flags' grep --quiet -- --web.listen-address <(inside bash -O extglob -c "$complete" bash 'pidns-exporter --web.l')
holds "bash completes a command's flags" grep --quiet -- --failed <(inside bash -O extglob -c "$complete" bash 'pidns-exporter events --fa')

capabilities='-all,+bpf,+perfmon'
chroot "$root" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
  "--inh-caps=$capabilities" "--ambient-caps=$capabilities" "--bounding-set=$capabilities" \
  pidns-exporter --web.listen-address=127.0.0.1:19459 >"$root/log" 2>&1 &
server=$!
holds 'it counts as nobody, with the capabilities of the unit' curl --silent --fail --retry 30 --retry-connrefused --retry-all-errors --retry-delay 1 \
  --output "$root/metrics" http://127.0.0.1:19459/metrics
holds 'it shows what it counts' grep --quiet '^pidns_up 1$' "$root/metrics"
holds 'top reads it, by the libcurl that the package depends on' inside pidns-exporter top --once --interval 100ms --url http://127.0.0.1:19459/metrics
kill "$server" || cat "$root/log"
holds 'it ends by SIGTERM, with 0' wait "$server"
server=

holds 'it is removed' inside apt-get remove --yes prometheus-pidns-exporter
holds 'its flags stay' test -e "$root/etc/default/prometheus-pidns-exporter"
holds 'it is purged' inside apt-get purge --yes prometheus-pidns-exporter
holds 'what it needed goes too' inside apt-get autoremove --purge --yes
files >"$root/../after.$$"
holds 'nothing is left' diff <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$before") \
  <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$root/../after.$$")
rm -f "$before" "$root/../after.$$"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
