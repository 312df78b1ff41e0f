#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-deb.sh
#
# Packages the built program as a Debian package in .build/deb. Installs it into a folder with `make install`,
# and packages the folder with debhelper.
set -euo pipefail
cd "$(dirname "$0")/.."

work=.build/deb
package=prometheus-pidns-exporter
# With the tilde, 0.1.0~dev sorts before 0.1.0.
version=$(tr - '~' <VERSION)
rm -rf "$work"
mkdir -p "$work/$package"
cp -r deploy/debian "$work/$package/debian"
# Debian 12's debhelper supports units only in /lib. Debian 13's lintian rejects that folder, which is a link.
units=/usr/lib/systemd/system
grep --quiet "$units" "$(command -v dh_installsystemd)" || units=/lib/systemd/system
make --no-print-directory install-files DESTDIR="$work/$package/files" PREFIX=/usr UNITDIR="$units" ZSHDIR=/usr/share/zsh/vendor-completions

python3 -B scripts/release/notice.py "$work/$package/NOTICE"
echo NOTICE >"$work/$package/debian/docs"

echo 'Building the package: dpkg-buildpackage'
cd "$work/$package"
mkdir -p debian/source
echo '3.0 (native)' >debian/source/format
sed --in-place -e '/^@BSD@$/{' -e "r /dev/stdin" -e 'd' -e '}' debian/copyright \
  < <(sed 's/^$/./; s/^/ /' ../../../bpf/LICENSE.BSD-2-Clause)
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null)} || time=$(date +%s)
cat >debian/changelog <<CHANGELOG
$package ($version) unstable; urgency=medium

  * Version $version.

 -- The pidns-exporter maintainers <maintainers@pidns-exporter.invalid>  $(LC_ALL=C date --utc --rfc-email --date="@$time")
CHANGELOG
dpkg-buildpackage --build=binary --unsigned-changes --unsigned-buildinfo >../log 2>&1 || {
  cat ../log >&2
  exit 1
}
cd ..
for file in *.deb; do echo "made $work/$file"; done
