# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Functions for scripts that download Debian packages without installing them. The first argument of such a script is its
# folder CACHE. apt gets lists and a cache of its own there, and the mirrors that the machine's sources name. Needs no root.
mkdir -p "${1:?}"
cache=$(realpath "$1")

fail() {
  echo "${0##*/}: $1" >&2
  exit 1
}

# fetch_once NAME COMMAND…: makes CACHE/NAME, unless it exists. The command fills a new folder, which is its last argument; the
# folder gets its name only if the command succeeds.
fetch_once() {
  local folder=$cache/$1
  if [ -d "$folder" ]; then return; fi
  echo "Fetching $1"
  rm -rf "$folder.new"
  "${@:2}" "$folder.new"
  mv "$folder.new" "$folder"
}

# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

# mirror RELEASE: the mirror from which the machine's apt gets that release.
mirror() {
  local uri
  # Also works before `apt-get update` has read its index.
  # shellcheck disable=SC2016 # these are apt's
  uri=$(apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$1" '$1 == release { print $2; exit }')
  [ -n "$uri" ] || fail "this machine's apt sources name no $1"
  echo "$uri"
}

# use_suites ARCHITECTURE STATUS SUITE…: configures apt for these suites, with sources if `with_sources` is
# set. STATUS lists the installed packages.
use_suites() {
  local architecture=$1 status=$2 folder uri type
  shift 2
  folder=$cache/apt/$architecture-${*: -1}
  export APT_CONFIG=
  mkdir -p "$folder"/{lists,archives/partial}
  : >"$folder/sources.list"
  for suite; do
    case $suite in
      *-security) uri=$(mirror "$own-security") ;;
      *) uri=$(mirror "$own") ;;
    esac
    for type in deb ${with_sources:+deb-src}; do
      echo "$type [arch=$architecture signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
        >>"$folder/sources.list"
    done
  done
  : >"$folder/empty"
  cat >"$folder/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
Dir::Cache "$folder";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$folder";
Dir::State::status "${status:-$folder/empty}";
END
  export APT_CONFIG=$folder/apt.conf
  archives=$folder/archives
  apt-get -qq update || fail "apt cannot read ${*}"
}

# unpack FOLDER PACKAGE…: extracts packages without their dependencies.
unpack() {
  local folder=$1
  shift
  rm -f "$archives"/*.deb
  (cd "$archives" && apt-get -qq download "$@") || fail "apt cannot download $*"
  extract "$folder"
}

# unpack_all FOLDER [OPTION…] PACKAGE…: extracts packages, and those of their dependencies that are not installed.
unpack_all() {
  local folder=$1
  shift
  rm -f "$archives"/*.deb
  apt-get -qq --yes --no-install-recommends --download-only install "$@" >/dev/null || fail "apt cannot download $*"
  extract "$folder"
}

# extract FOLDER: extracts the packages that apt has downloaded.
extract() {
  local package
  mkdir -p "$1"
  for package in "$archives"/*.deb; do dpkg-deb -x "$package" "$1"; done
  rm -f "$archives"/*.deb
}
