#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bare.sh
#
# Installs the Debian package of .build/deb in a bare Debian without systemd, of the suite that it was built on, uses what it brought, and removes and purges it. Starts the
# program without root, with two capabilities. Ends with the line `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Acceptance/Packages/common.sh
. Tests/Acceptance/Packages/common.sh

work=$(mktemp --directory)
# Its root is also that of a user who is not root.
chmod 755 "$work"
root=$work/root
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi; discard "$root"; discard "$work"' EXIT

files() { (cd "$root" && find etc usr var lib opt -xdev '(' -path var/cache -o -path var/lib/dpkg -o -path var/log -o -path var/lib/apt ')' -prune -o -print | sort); }

deb=$(find .build/deb -maxdepth 1 -name '*.deb')
[ -n "$deb" ] || { echo 'there is no package in .build/deb: make deb' >&2; exit 1; }
# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "A bare Debian $own, without systemd"
bare_debian "$own" "$root" man-db bash-completion
# So that pages are there.
rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
mount --rbind /sys "$root/sys"
mount --make-rslave "$root/sys"
mount --bind /proc "$root/proc"
files >"$work/before"

holds 'lintian has nothing to say' lintian --allow-root --fail-on=error,warning "$deb"
cp "$deb" "$root/package.deb"
holds 'it installs, with what it needs' inside "$root" apt-get install --yes --no-install-recommends /package.deb
holds 'the program says its version' grep --quiet "$(cat VERSION)" <(inside "$root" pidns-exporter --version)
holds 'it has the licences of what is linked in' inside "$root" sh -c 'zcat /usr/share/doc/prometheus-pidns-exporter/NOTICE.gz | grep "^  swift-runtime"'
for page in pidns-exporter pidns-exporter-events pidns-exporter-top; do
  holds "there is a manual page $page, in order" inside "$root" sh -c "test -z \"\$(man --warnings $page 2>&1 >/dev/null)\" && man $page | grep -q -- --help"
done
# shellcheck disable=SC2016 # It is for the shell in there.
complete='. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/pidns-exporter
  COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}
  _pidns-exporter pidns-exporter "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; echo "${COMPREPLY[@]}"'
holds 'bash completes commands' grep --quiet --word-regexp events <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter ev')
holds 'bash completes flags' grep --quiet -- --web.listen-address <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter --web.l')
holds "bash completes a command's flags" grep --quiet -- --failed <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter events --fa')

capabilities='-all,+bpf,+perfmon'
chroot "$root" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
  "--inh-caps=$capabilities" "--ambient-caps=$capabilities" "--bounding-set=$capabilities" \
  pidns-exporter --web.listen-address=127.0.0.1:19459 >"$work/log" 2>&1 &
server=$!
holds 'it counts as nobody, with the capabilities of the unit' curl --silent --fail --retry 30 --retry-connrefused --retry-all-errors --retry-delay 1 \
  --output "$work/metrics" http://127.0.0.1:19459/metrics
holds 'it shows what it counts' grep --quiet '^pidns_up 1$' "$work/metrics"
holds 'top reads it, by the libcurl that the package depends on' inside "$root" pidns-exporter top --once --interval 100ms --url http://127.0.0.1:19459/metrics
kill "$server" || cat "$work/log"
holds 'it ends by SIGTERM, with 0' wait "$server"
server=

holds 'it is removed' inside "$root" apt-get remove --yes prometheus-pidns-exporter
holds 'its flags stay' test -e "$root/etc/default/prometheus-pidns-exporter"
holds 'it is purged' inside "$root" apt-get purge --yes prometheus-pidns-exporter
# Also what other packages only recommend: the bare Debian was without it.
holds 'what it needed goes too' inside "$root" apt-get --option APT::AutoRemove::RecommendsImportant=false autoremove --purge --yes
files >"$work/after"
holds 'nothing is left' diff <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$work/before") \
  <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$work/after")
summarise
