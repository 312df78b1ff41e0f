#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh FOLDER
#
# Builds the servers of Go's client libraries into FOLDER, with Debian's Go and Debian's packages of the libraries.
set -euo pipefail
if ! command -v go >/dev/null; then
  echo 'Go is not installed; the benchmark runs without the servers of its libraries' >&2
  exit 0
fi
mkdir -p "$1"
output=$(realpath "$1")
cd "$(dirname "$0")"
export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-trimpath GOCACHE="$output/go-cache"
for library in victoriametrics client-golang; do
  (cd "$library" && go build -o "$output/pidns-peer-$library" .)
done
