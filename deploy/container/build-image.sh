#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-image.sh PROGRAM ARCHIVE [NOTICE]
#
# Builds the image pidns-exporter:<version> from a built program with buildah, without a base image. Writes an
# archive for `podman load`, `docker load` and `ctr images import`: in OCI's layout if its name ends in
# .oci.tar, otherwise in Docker's. NOTICE is a file for the image's licence folder. The same program and
# commit produce the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ $# != 2 ] && [ $# != 3 ]; then
  echo 'usage: build-image.sh PROGRAM ARCHIVE [NOTICE]' >&2
  exit 2
fi
if ! command -v buildah >/dev/null; then
  echo 'build-image.sh needs buildah: apt-get install buildah' >&2
  exit 1
fi
version=$(cat VERSION)
revision=$(git rev-parse HEAD 2>/dev/null) || revision=unknown

work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
deploy/container/gather-files.sh "$1" "$work/files"
if [ $# = 3 ]; then
  install -D --mode 644 --target-directory "$work/files/usr/share/doc/pidns-exporter" LICENSE
  install --mode 644 "$3" "$work/files/usr/share/doc/pidns-exporter/NOTICE"
fi

# The second stage of the Dockerfile, with these files instead of those of the first stage.
sed '1,/^FROM scratch$/{/^FROM scratch$/!d}; s|^COPY --from=build /image /$|COPY . /|' deploy/container/Dockerfile >"$work/Dockerfile"
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null)} || time=0
name=localhost/pidns-exporter:$version
# A temporary storage of its own. The vfs driver copies instead of using overlays, which works everywhere.
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
case $2 in *.oci.tar) tag=$name ;; *) tag=docker-archive:$2:$name ;; esac
buildah build --quiet --timestamp "$time" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
  --file "$work/Dockerfile" --tag "$tag" "$work/files" >/dev/null
if [ "$tag" = "$name" ]; then
  # Compressed as in a registry, so that its digest stays the same there.
  buildah push --quiet --disable-compression=false "$name" "oci:$work/oci:$name"
  scripts/release/pack.sh "$time" "$2" "$work/oci"
fi
echo "pidns-exporter:$version is in $2"
