#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build-image.sh PROGRAM ARCHIVE
#
# Makes the image pidns-exporter:<version> of a program that is built, by buildah and without a base image, and writes it to an archive that
# `podman load`, `docker load` and `ctr images import` take.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ $# != 2 ]; then
  echo 'usage: build-image.sh PROGRAM ARCHIVE' >&2
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

# The Dockerfile's second stage, with these files in place of those of the first.
sed '1,/^FROM scratch$/{/^FROM scratch$/!d}; s|^COPY --from=build /image /$|COPY . /|' deploy/container/Dockerfile >"$work/Dockerfile"
# The same bytes for the same program and commit.
time=$(git log -1 --format=%ct 2>/dev/null) || time=0
# A storage of its own, which goes with it; copies instead of overlays work wherever this does.
buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs build --quiet --timestamp "$time" \
  --build-arg VERSION="$version" --build-arg REVISION="$revision" \
  --file "$work/Dockerfile" --tag "docker-archive:$2:localhost/pidns-exporter:$version" "$work/files" >/dev/null
echo "pidns-exporter:$version is in $2"
