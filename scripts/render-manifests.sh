#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# render-manifests.sh [FOLDER]
#
# Writes the generated files of deploy/ below FOLDER, by default below deploy. They are for users who fetch
# one folder or one file. `make manifests` calls this script, and `make check` compares its output with git.
set -euo pipefail
cd "$(dirname "$0")/.."

to=${1:-deploy}
PATH=$(scripts/check-tools.sh):$PATH
component=$to/kubernetes/components/prometheus-rule
chart=$to/helm/pidns-exporter/files
mkdir -p "$component" "$chart"

# Copies, because Flux omits symbolic links from its repository artefacts.
rm -f "$chart"/*
cp dashboards/*.rules.yml dashboards/grafana/*.json "$chart/"

{
  cat <<'HEAD'
# SPDX-License-Identifier: Apache-2.0
#
# Rendered from base/ by `make manifests`, for `kubectl apply -f`.
HEAD
  kubectl kustomize deploy/kubernetes/base
} >"$to/kubernetes/daemonset.yaml"

{
  cat <<'HEAD'
# SPDX-License-Identifier: Apache-2.0
#
# Generated from dashboards/*.rules.yml by `make manifests`. For the Prometheus Operator. If your Prometheus
# selects rules by labels, add them.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: pidns-exporter
  namespace: pidns-exporter
  labels:
    app.kubernetes.io/name: pidns-exporter
spec:
  groups:
HEAD
  sed --separate '1,/^groups:$/d; s/^./  &/' dashboards/{recording,alerts}.rules.yml
} >"$component/prometheus-rule.yaml"
