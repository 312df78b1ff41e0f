#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check-manifests.sh
#
# Checks deploy/kubernetes and deploy/helm. Kubernetes 1.25 and later, kustomize and Prometheus must accept
# the rendered manifests, for all value files and all components. Also checks their security and that copies
# are equal. Prints failures.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

tools=$(scripts/check-tools.sh) || exit 1
PATH=$tools:$PATH
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
wrong=0
version=$(cat VERSION)
chart=deploy/helm/pidns-exporter

# holds WHAT COMMAND…: runs the command. If it fails, prints WHAT and its output.
holds() {
  if ! "${@:2}" >"$work/output" 2>&1; then
    cat "$work/output"
    echo "does not hold: $1"
    wrong=1
  fi
}

python=("$tools/python" -B)
mkdir "$work/kustomize" "$work/chart" "$work/audited"
holds 'the checks of scripts/manifests find their faults' "${python[@]}" scripts/manifests/check_checks.py "$chart"
holds 'the base and its components' "${python[@]}" scripts/manifests/check_kustomize.py deploy/kubernetes "$work/kustomize"
holds 'the chart, over all of its sets of values' "${python[@]}" scripts/manifests/check_chart.py "$chart" "$work/chart"
holds 'the chart runs the same pod as the base' "${python[@]}" scripts/same-pod.py "$work/kustomize/base.yaml" "$work/chart/chart.yaml"
cp "$work"/kustomize/{base,components}.yaml "$work"/chart/chart.yaml "$work"/chart/chart-everything-values.yaml "$work/audited/"
holds 'nothing that checkov finds and deploy/.checkov.yaml does not explain' \
  checkov --config-file deploy/.checkov.yaml --directory "$work/audited"

scripts/render-manifests.sh "$work/again" || wrong=1
for file in kubernetes/daemonset.yaml kubernetes/components/prometheus-rule/prometheus-rule.yaml helm/pidns-exporter/files; do
  holds "deploy/$file is what make manifests writes" diff --recursive "deploy/$file" "$work/again/$file"
done
holds "the chart's and the base's versions are that of VERSION" \
  grep --quiet --line-regexp --fixed-strings "    newTag: $version" deploy/kubernetes/base/kustomization.yaml
for key in version appVersion; do
  holds "Chart.yaml's $key is that of VERSION" grep --quiet --line-regexp --fixed-strings "$key: $version" "$chart/Chart.yaml"
done
exit "$wrong"
