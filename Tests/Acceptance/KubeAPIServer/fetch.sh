#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh CACHE
#
# Puts a real kube-apiserver and etcd into the folder CACHE, unless they are there. etcd and Go are Debian packages, which
# are unpacked there and never installed. No package has kube-apiserver: it is built from the source package kubernetes,
# which carries all that it needs: ten minutes on two CPUs. Needs no root.
set -euo pipefail

mkdir -p "$1"
cache=$(realpath "$1")

fail() {
  echo "fetch.sh: $1" >&2
  exit 1
}

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/../../../scripts/debian-packages.sh"

# The last release of which Debian has the server's source, too, and the Go of the same suite.
suite=bookworm
release=1.20
go=1.19

# use: has apt see the suite.
use() {
  with_sources=yes use_suites "$(dpkg --print-architecture)" '' "$suite"
}

# build FOLDER: kube-apiserver, as FOLDER/kube-apiserver.
build() {
  local folder=$1 source version packages package=k8s.io/kubernetes/vendor/k8s.io/component-base/version
  (cd "$folder" && apt-get -qq source kubernetes >/dev/null) || fail 'apt cannot download the source of kubernetes'
  source=$(echo "$folder"/kubernetes-*/)
  version=$(dpkg-parsechangelog --file "$source/debian/changelog" --show-field Version | sed 's/.*really//; s/-.*//')
  [[ $version == "$release".* ]] || fail "$suite has kubernetes $version, and not $release"

  # As the source's own makefiles build: in a GOPATH, by vendor/ alone.
  mkdir -p "$folder/path/src/k8s.io"
  mv "$source" "$folder/path/src/k8s.io/kubernetes"
  cd "$folder/path/src/k8s.io/kubernetes"
  export GOPATH=$folder/path GOROOT=$folder/go/usr/lib/go-$go GOCACHE=$folder/cache
  export GO111MODULE=off GOENV=off GOFLAGS='' GOPROXY=off CGO_ENABLED=0
  PATH=$GOROOT/bin:$PATH

  # The one generated file that the source does not have: the types for which OpenAPI is spoken.
  go build -o "$folder/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
  packages=$(
    grep -rl --include='*.go' --exclude='zz_*' --exclude-dir={code-generator,sample-apiserver} '+k8s:openapi-gen=' \
      pkg staging/src/k8s.io | sed 's,^staging/src/,vendor/,; s,/[^/]*$,,; s,^,k8s.io/kubernetes/,' | sort --unique
  )
  "$folder/openapi-gen" --input-dirs "${packages//$'\n'/,}" --output-package k8s.io/kubernetes/pkg/generated/openapi \
    --output-file-base zz_generated.openapi --report-filename "$folder/violations" \
    --go-header-file vendor/k8s.io/code-generator/hack/boilerplate.go.txt
  go build -trimpath -o "$folder/kube-apiserver" \
    -ldflags "-s -w -X $package.gitVersion=v$version -X $package.gitMajor=${release%.*} -X $package.gitMinor=${release#*.}" \
    k8s.io/kubernetes/cmd/kube-apiserver
}

if [ ! -d "$cache/etcd" ]; then
  echo 'Fetching etcd'
  rm -rf "$cache/etcd.new"
  use
  unpack "$cache/etcd.new" etcd-server
  mv "$cache/etcd.new" "$cache/etcd"
fi

if [ ! -d "$cache/kube-apiserver-$release" ]; then
  echo "Building kube-apiserver $release, once: it takes some ten minutes"
  rm -rf "$cache/build"
  use
  unpack "$cache/build/go" "golang-$go-go" "golang-$go-src"
  (build "$cache/build")
  mkdir "$cache/kube-apiserver-$release.new"
  mv "$cache/build/kube-apiserver" "$cache/kube-apiserver-$release.new/"
  mv "$cache/kube-apiserver-$release.new" "$cache/kube-apiserver-$release"
  # Gigabytes of which nothing is needed any more.
  rm -rf "$cache/build"
fi
