#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh CACHE
#
# Fetches etcd and builds kube-apiserver into the folder CACHE, unless they are there. etcd and Go are Debian packages, which
# are unpacked there and not installed. No package has kube-apiserver, so it is built from the source package kubernetes,
# which includes its dependencies: ten minutes on two CPUs. Needs no root.
set -euo pipefail

# shellcheck source=scripts/debian-packages.sh
. "$(dirname "$0")/../../../scripts/debian-packages.sh"

# The last release whose server is in Debian's source package, and the Go of the same suite.
suite=bookworm
release=1.20
go=1.19

# use: adds the suite to apt.
use() {
  with_sources=yes use_suites "$(dpkg --print-architecture)" '' "$suite"
}

# build FOLDER: builds FOLDER/kube-apiserver.
build() {
  local folder=$1 source version packages package=k8s.io/kubernetes/vendor/k8s.io/component-base/version
  (cd "$folder" && apt-get -qq source kubernetes >/dev/null) || fail 'apt cannot download the source of kubernetes'
  source=$(echo "$folder"/kubernetes-*/)
  version=$(dpkg-parsechangelog --file "$source/debian/changelog" --show-field Version | sed 's/.*really//; s/-.*//')
  [[ $version == "$release".* ]] || fail "$suite has kubernetes $version, not $release"

  # Like the source's makefiles: in a GOPATH, with vendor/ only.
  mkdir -p "$folder/path/src/k8s.io"
  mv "$source" "$folder/path/src/k8s.io/kubernetes"
  cd "$folder/path/src/k8s.io/kubernetes"
  export GOPATH=$folder/path GOROOT=$folder/go/usr/lib/go-$go GOCACHE=$folder/cache
  export GO111MODULE=off GOENV=off GOFLAGS='' GOPROXY=off CGO_ENABLED=0
  PATH=$GOROOT/bin:$PATH

  # The source lacks one generated file: the OpenAPI definitions.
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

# fetch_etcd FOLDER
fetch_etcd() {
  use
  unpack "$1" etcd-server
}
fetch_once etcd fetch_etcd

# build_server FOLDER: builds in another folder, whose gigabytes are removed after that.
build_server() {
  echo 'Building it takes some ten minutes, once'
  rm -rf "$cache/build"
  use
  unpack "$cache/build/go" "golang-$go-go" "golang-$go-src"
  (build "$cache/build")
  mkdir "$1"
  mv "$cache/build/kube-apiserver" "$1/"
  rm -rf "$cache/build"
}
fetch_once "kube-apiserver-$release" build_server
