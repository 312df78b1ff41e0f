#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# gather-files.sh PROGRAM FOLDER
#
# Puts the files of the image into a folder that is not there yet: the program, the libraries that it loads and their loader, their
# licences, and a line for root, whose name some tools look for. All are root's, and nobody else may write to them; the program needs none of
# them to be anybody's in particular.
set -euo pipefail

program=$1 folder=$2
umask 022
mkdir "$folder"
install -D --mode 755 "$program" "$folder/usr/bin/pidns-exporter"

# The libraries that the program is linked with, and libcurl with its own: the program loads that one when it needs it, so that
# ldd does not list it. It is in the folder of the others.
libraries() {
  local linked curl
  linked=$(ldd "$program")
  curl=$(dirname "$(awk '$1 ~ /^libgnutls\.so/ { print $3 }' <<<"$linked")")/libcurl-gnutls.so.4
  [ -e "$curl" ] || { echo "gather-files.sh: $curl does not exist: install libcurl3-gnutls" >&2; exit 1; }
  echo "$curl"
  { echo "$linked"; ldd "$curl"; } | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
}

gathered=$(libraries | sort --unique)
# A library by its path as the loader finds it, in the image as here. The loader itself is named by the program.
while read -r library; do
  install -D --mode 755 "$(realpath "$library")" "$folder$library"
  # Debian's package of it, under its path in one of the two spellings that a merged /usr has.
  if package=$(dpkg-query --search "$(realpath "$library")" 2>/dev/null || dpkg-query --search "$library" 2>/dev/null); then
    copyright=/usr/share/doc/${package%%:*}/copyright
    install -D --mode 644 "$(realpath "$copyright")" "$folder$copyright"
  fi
done <<<"$gathered"

install -D --mode 644 /dev/stdin "$folder/etc/passwd" <<<'root:x:0:0:root:/:/usr/sbin/nologin'
chown --recursive 0:0 "$folder"
