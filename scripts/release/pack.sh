#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pack.sh TIME ARCHIVE FOLDER [NAME]
#
# Packs the contents of a folder, or NAME in it, into an archive. The bytes depend only on names, modes and
# contents: entries are sorted, owned by root, and have one time. Compresses if the archive's name ends in gz.
set -eu

time=$1 archive=$2 folder=$3 name=${4:-}
# Without NAME, the entries are those of the folder, without ./ itself.
if [ -z "$name" ]; then name=$(cd "$folder" && ls -A); fi
# shellcheck disable=SC2086 # The names of a layout, which have no spaces.
set -- --create --directory "$folder" --format=ustar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX $name
case $archive in
  *gz) LC_ALL=C tar "$@" | gzip --no-name --best >"$archive" ;;
  *) LC_ALL=C tar "$@" >"$archive" ;;
esac
