#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-rpm.sh
#
# Packages the built program as an rpm in .build/rpm. Installs it into a folder with `make install`, and
# packages the folder. rpm detects the required libraries by soname.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/.build/rpm
# With the tilde, 0.1.0~dev sorts before 0.1.0.
version=$(tr - '~' <VERSION)
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null)} || time=$(date +%s)
rm -rf "$work"
mkdir -p "$work"
make --no-print-directory install-files DESTDIR="$work/files" PREFIX=/usr UNITDIR=/usr/lib/systemd/system
gzip --no-name --best "$work"/files/usr/share/man/man1/*.1
licences=$work/files/usr/share/licenses/prometheus-pidns-exporter
install -D --mode 644 --target-directory "$licences" LICENSE
python3 -B scripts/release/notice.py "$licences/NOTICE"

echo 'Building the rpm'
# The package depends on the machine only by its architecture: no host name, clock or build ID. The program is
# already stripped.
SOURCE_DATE_EPOCH=$time rpmbuild -bb --quiet \
  --define "_topdir $work/top" --define "_rpmdir $work" --define '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' \
  --define "version $version" --define "date $(LC_ALL=C date --utc --date="@$time" '+%a %b %d %Y')" --define "staged $work/files" \
  --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
  --define '_build_id_links none' --define 'debug_package %{nil}' --define '__os_install_post %{nil}' \
  --define '_binary_payload w6.xzdio' \
  deploy/rpm/prometheus-pidns-exporter.spec >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
for file in "$work"/*.rpm; do echo "made ${file#"$PWD/"}"; done
