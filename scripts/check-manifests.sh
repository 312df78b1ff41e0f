#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check-manifests.sh
#
# Checks deploy/kubernetes and deploy/helm: that they are what Kubernetes takes, from 1.25 on, that they are safe, and that what is
# written in several places is the same. Says what does not hold.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

PATH=$(scripts/check-tools.sh):$PATH || exit 1
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
wrong=0
version=$(cat VERSION)
chart=deploy/helm/pidns-exporter

# holds WHAT COMMAND…: runs it; says what does not hold, and what the command has said.
holds() {
  if ! "${@:2}" >"$work/said" 2>&1; then
    cat "$work/said"
    echo "does not hold: $1"
    wrong=1
  fi
}

# All that is rendered: the base by itself and with every component, and the chart with all of its sets of values.
mkdir "$work/rendered" "$work/overlay"
{
  echo "resources: [$(realpath --relative-to "$work/overlay" deploy/kubernetes/base)]"
  echo 'components:'
  for component in deploy/kubernetes/components/*/; do
    echo "  - $(realpath --relative-to "$work/overlay" "$component")"
  done
} >"$work/overlay/kustomization.yaml"
kubectl kustomize deploy/kubernetes/base >"$work/rendered/base.yaml" || wrong=1
kubectl kustomize "$work/overlay" >"$work/rendered/components.yaml" || wrong=1
helm template pidns-exporter "$chart" --namespace pidns-exporter >"$work/rendered/chart.yaml" 2>"$work/said" ||
  { cat "$work/said"; wrong=1; }
for values in "$chart"/ci/*.yaml; do
  helm template pidns-exporter "$chart" --namespace pidns-exporter --values "$values" \
    >"$work/rendered/chart-$(basename "$values")" 2>"$work/said" || { cat "$work/said"; wrong=1; }
  holds "helm lint $values" helm lint --strict "$chart" --values "$values"
done

# Kinds of the Prometheus Operator are none of Kubernetes' own.
python3 - "$work/rendered" "$work/own" <<'PYTHON' || wrong=1
import pathlib, sys, yaml
rendered, own = map(pathlib.Path, sys.argv[1:])
own.mkdir()
for file in rendered.iterdir():
    documents = [d for d in yaml.safe_load_all(file.read_text()) if d]
    assert documents, f"{file.name} is empty"
    (own / file.name).write_text(
        yaml.safe_dump_all(d for d in documents if not d["apiVersion"].startswith("monitoring.coreos.com/")))
PYTHON
newest=$(kubernetes-validate --help | sed -n 's/.*Defaults to 1\.\([0-9]*\).*/\1/p')
for minor in $(seq 25 "$newest"); do
  holds "valid for Kubernetes 1.$minor" kubernetes-validate --strict --quiet --kubernetes-version "1.$minor" "$work"/own/*.yaml
done
holds 'nothing that checkov finds and deploy/.checkov.yaml does not explain' \
  checkov --config-file deploy/.checkov.yaml --directory "$work/own"

scripts/render-manifests.sh "$work/again" || wrong=1
for file in daemonset.yaml components/prometheus-rule/prometheus-rule.yaml; do
  holds "deploy/kubernetes/$file is what make manifests writes" diff "deploy/kubernetes/$file" "$work/again/$file"
done
holds "the chart's and the base's versions are that of VERSION" \
  grep --quiet --line-regexp --fixed-strings "    newTag: $version" deploy/kubernetes/base/kustomization.yaml
for key in version appVersion; do
  holds "Chart.yaml's $key is that of VERSION" grep --quiet --line-regexp --fixed-strings "$key: $version" "$chart/Chart.yaml"
done
holds 'the chart runs the same pod as the base' python3 scripts/same-pod.py "$work"/rendered/{base,chart}.yaml
holds 'the chart tells of each of its values' python3 - "$chart" <<'PYTHON'
import pathlib, re, sys, yaml
chart = pathlib.Path(sys.argv[1])
told = set(re.findall(r"^\| `([^`]+)`", (chart / "README.md").read_text(), re.M))
values = yaml.safe_load((chart / "values.yaml").read_text())
there = set()
for key, value in values.items():
    nested = isinstance(value, dict) and value and key in {"image", "kubernetes", "service", "dashboards", "rbac", "serviceAccount", "networkPolicy"}
    there |= {f"{key}.{inner}" for inner in value} if nested else {key}
there = {k for k in there if k != "prometheus"} | {f"prometheus.{a}.{b}" for a, inner in values["prometheus"].items() for b in inner}
if told != there:
    sys.exit(f"README.md lacks {sorted(there - told)}, and has {sorted(told - there)} that there is not")
PYTHON
exit "$wrong"
