#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-release.sh
#
# Builds all release artefacts from the built program, in .build/dist. The same commit, packages and toolchain
# produce the same bytes in any folder at any time. All times are SOURCE_DATE_EPOCH, by default the commit's
# time.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "make release: $1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail 'needs root, because root owns the files of an image: run it as root or in a container'
REVISION=$(git rev-parse HEAD 2>/dev/null) || fail 'needs a git clone, because artefacts name their commit: clone the repository'
[ -z "$(git status --porcelain)" ] || fail 'there are changes that are not committed; commit or stash them'
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export REVISION SOURCE_DATE_EPOCH
umask 022

case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64) arch=arm64 ;;
  *) arch=$(uname -m) ;;
esac
version=$(cat VERSION)
echo 'Building the artefacts of a release: about two minutes'
program=.build/release/pidns-exporter
name=pidns-exporter-$version.linux-$arch
dist=.build/dist
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
rm -rf "$dist"
mkdir -p "$dist"

scripts/build-deb.sh
scripts/build-rpm.sh
cp .build/deb/*.deb .build/rpm/*.rpm "$dist/"

# The layout of promu: one folder with the program, its licence and notices, and the files to install.
mkdir -p "$work/$name/licences"
cp "$program" LICENSE "$work/$name/"
cp .build/rpm/files/usr/share/licenses/prometheus-pidns-exporter/NOTICE "$work/$name/"
cp bpf/LICENSE* "$work/$name/licences/"
cp -r .build/documentation "$work/$name/documentation"
cp deploy/systemd/prometheus-pidns-exporter.{service,default} deploy/systemd/pinning.conf "$work/$name/"
# With this file in the source folder, a rebuild uses the same package versions.
cp Package.resolved "$work/$name/"
scripts/release/pack.sh "$SOURCE_DATE_EPOCH" "$dist/$name.tar.gz" "$work" "$name"

deploy/container/build-image.sh "$program" "$PWD/$dist/$name.oci.tar" "$work/$name/NOTICE"

# The format of `helm package`, which would add the current time.
mkdir -p "$work/chart"
# Rules and dashboards are symbolic links; copies their targets.
cp -rL deploy/helm/pidns-exporter "$work/chart/"
while read -r pattern; do
  case $pattern in
    '' | '#'*) ;;
    */) rm -rf "$work/chart/pidns-exporter/${pattern%/}" ;;
    *) fail "deploy/helm/pidns-exporter/.helmignore: supports only folders, not '$pattern'" ;;
  esac
done <deploy/helm/pidns-exporter/.helmignore
scripts/release/pack.sh "$SOURCE_DATE_EPOCH" "$dist/pidns-exporter-$version.tgz" "$work/chart" pidns-exporter

# The kubectl plugin, and its manifest for krew.
plugin=kubectl-pidns-$version
mkdir -p "$work/$plugin"
cp deploy/krew/kubectl-pidns LICENSE "$work/$plugin/"
scripts/release/pack.sh "$SOURCE_DATE_EPOCH" "$dist/$plugin.tar.gz" "$work" "$plugin"
digest=$(sha256sum "$dist/$plugin.tar.gz" | cut -d ' ' -f 1)
sed "s/@VERSION@/$version/g; s/@SHA256@/$digest/" deploy/krew/pidns.yaml >"$dist/pidns.yaml"

deploy/container/gather-files.sh "$program" "$work/image"
python3 -B scripts/release/sbom.py "$work/image" "$program" "$arch" "$dist/$name.spdx.json" "$dist/$name.cdx.json"

(
  cd "$dist"
  LC_ALL=C
  sha256sum -- * >"$work/sha256sums.txt"
  cp "$work/sha256sums.txt" .
)
echo "made in $dist:"
ls -1 "$dist"
