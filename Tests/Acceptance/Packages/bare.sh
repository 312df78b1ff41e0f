#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# bare.sh
#
# Installs the Debian package of .build/deb in a bare Debian without systemd, of the suite that it was built on. Uses its files, starts the
# program without root and with two capabilities, and removes and purges the package. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/machine.sh
. Tests/Support/Machine/machine.sh

work=$(mktemp --directory)
# Other users need access, too.
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
# Keeps manual pages.
rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
mount --rbind /sys "$root/sys"
mount --make-rslave "$root/sys"
mount --bind /proc "$root/proc"
files >"$work/before"

check 'lintian reports nothing' lintian --allow-root --fail-on=error,warning "$deb"
cp "$deb" "$root/package.deb"
check 'the package installs with its dependencies' inside "$root" apt-get install --yes --no-install-recommends /package.deb
check '--version prints the version' grep --quiet "$(cat VERSION)" <(inside "$root" pidns-exporter --version)
check 'NOTICE has the licences of linked libraries' inside "$root" sh -c 'zcat /usr/share/doc/prometheus-pidns-exporter/NOTICE.gz | grep "^  swift-runtime"'
for page in pidns-exporter pidns-exporter-check-config pidns-exporter-events pidns-exporter-top; do
  check "man shows $page without warnings" inside "$root" sh -c "test -z \"\$(man --warnings $page 2>&1 >/dev/null)\" && man $page | grep -q -- --help"
done
# shellcheck disable=SC2016 # For the shell in the Debian.
complete='. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/pidns-exporter
  COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$1; COMP_POINT=${#1}
  _pidns-exporter pidns-exporter "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"; echo "${COMPREPLY[@]}"'
check 'bash completes commands' grep --quiet --word-regexp events <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter ev')
check 'bash completes flags' grep --quiet -- --web.listen-address <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter --web.l')
check "bash completes a command's flags" grep --quiet -- --failed <(inside "$root" bash -O extglob -c "$complete" bash 'pidns-exporter events --fa')

capabilities='-all,+bpf,+perfmon'
chroot "$root" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
  "--inh-caps=$capabilities" "--ambient-caps=$capabilities" "--bounding-set=$capabilities" \
  pidns-exporter --web.listen-address=127.0.0.1:19459 >"$work/log" 2>&1 &
server=$!
check 'the program serves metrics as nobody, with the capabilities of the unit' curl --silent --fail --retry 30 --retry-connrefused --retry-all-errors --retry-delay 1 \
  --output "$work/metrics" http://127.0.0.1:19459/metrics
check 'pidns_up is 1' grep --quiet '^pidns_up 1$' "$work/metrics"
check 'top reads it with the libcurl of the dependencies' inside "$root" pidns-exporter top --once --interval 100ms --url http://127.0.0.1:19459/metrics
check 'the program is confined, with the libseccomp of the dependencies' grep --quiet --extended-regexp 'msg=confined .*seccomp=filter' "$work/log"
kill "$server" || cat "$work/log"
check 'SIGTERM ends it with 0' wait "$server"
server=

check 'the package is removed' inside "$root" apt-get remove --yes prometheus-pidns-exporter
check 'its flags stay' test -e "$root/etc/default/prometheus-pidns-exporter"
check 'the package is purged' inside "$root" apt-get purge --yes prometheus-pidns-exporter
# Recommended and suggested packages, too: the bare Debian did not have them.
check 'its dependencies are removed' inside "$root" apt-get --option APT::AutoRemove::RecommendsImportant=false \
  --option APT::AutoRemove::SuggestsImportant=false autoremove --purge --yes
files >"$work/after"
check 'nothing is left' diff <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$work/before") \
  <(grep -vE '^(etc/ld.so.cache|var/(lib/systemd|backups)|usr/share/man|var/lib/pam)' "$work/after")
summarise
