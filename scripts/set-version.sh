#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# set-version.sh VERSION
#
# Replaces the version in VERSION and in every file below deploy/ that contains it.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ ${1-} =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?$ ]] || {
  echo 'usage: set-version.sh MAJOR.MINOR.PATCH[-PRERELEASE]' >&2
  exit 2
}
before=$(cat VERSION)
mapfile -t files < <(git grep --files-with-matches --fixed-strings "$before" -- VERSION deploy)
sed --in-place "s/${before//./\\.}/$1/g" "${files[@]}"
# Artifact Hub marks a prerelease of a chart.
case $1 in *-*) prerelease=true ;; *) prerelease=false ;; esac
sed --in-place "s|^\( *artifacthub.io/prerelease:\).*|\1 \"$prerelease\"|" deploy/helm/pidns-exporter/Chart.yaml
printf '%s\n' "${files[@]}"
