#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# gather-files.sh PROGRAM FOLDER
#
# Copies the files of the image into a new folder: the program, its libraries and their loader, their
# licences, and a passwd line for root, which some tools look up. Root owns all files, and only root may write
# to them. The program does not depend on the owner.
set -euo pipefail

program=$1 folder=$2
umask 022
mkdir "$folder"
install -D --mode 755 "$program" "$folder/usr/bin/pidns-exporter"

# The linked libraries, and libcurl, libcrypt, libpcre2 and libseccomp with their own. ldd does not list these, because the program
# loads them on demand. They are in the same folder as the others.
libraries() {
  local linked folder library package loaded=()
  linked=$(ldd "$program")
  folder=$(dirname "$(awk '$1 ~ /^libgnutls\.so/ { print $3 }' <<<"$linked")")
  while read -r library package; do
    library=$folder/$library
    [ -e "$library" ] || { echo "gather-files.sh: $library does not exist: install $package" >&2; exit 1; }
    loaded+=("$library")
  done <<<'libcurl-gnutls.so.4 libcurl3-gnutls
libcrypt.so.1 libcrypt1
libpcre2-8.so.0 libpcre2-8-0
libseccomp.so.2 libseccomp2'
  printf '%s\n' "${loaded[@]}"
  {
    echo "$linked"
    # With several files, ldd prints the path of each with a colon.
    for library in "${loaded[@]}"; do ldd "$library"; done
  } | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'
}

gathered=$(libraries | sort --unique)
# Each library has the path that the loader uses, in the image as here. The program names the loader itself.
while read -r library; do
  install -D --mode 755 "$(realpath "$library")" "$folder$library"
  # Its Debian package, by one of the two paths that a merged /usr has.
  if package=$(dpkg-query --search "$(realpath "$library")" 2>/dev/null || dpkg-query --search "$library" 2>/dev/null); then
    copyright=/usr/share/doc/${package%%:*}/copyright
    install -D --mode 644 "$(realpath "$copyright")" "$folder$copyright"
  fi
done <<<"$gathered"

install -D --mode 644 /dev/stdin "$folder/etc/passwd" <<<'root:x:0:0:root:/:/usr/sbin/nologin'
chown --recursive 0:0 "$folder"
