#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pack.sh TIME ARCHIVE FOLDER [NAME]
#
# Packs the contents of a folder, or NAME in it, into an archive that depends on names, modes and contents alone: sorted, root's, all of one time,
# compressed if the archive's name ends in gz.
set -eu

time=$1 archive=$2 folder=$3 name=${4:-}
# Without NAME the entries are those of the folder, and not ./ itself.
if [ -z "$name" ]; then name=$(cd "$folder" && ls -A); fi
# shellcheck disable=SC2086 # The names of a layout, which have no spaces.
set -- --create --directory "$folder" --format=ustar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX $name
case $archive in
  *gz) LC_ALL=C tar "$@" | gzip --no-name --best >"$archive" ;;
  *) LC_ALL=C tar "$@" >"$archive" ;;
esac
