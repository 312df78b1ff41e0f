#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# render-manifests.sh [FOLDER]
#
# Writes the files below deploy/ that are made of others, for those who fetch a folder or one file: below FOLDER, by default below deploy.
# `make manifests` calls it, and `make check` compares its output with git.
set -euo pipefail
cd "$(dirname "$0")/.."

to=${1:-deploy}
PATH=$(scripts/check-tools.sh):$PATH
component=$to/kubernetes/components/prometheus-rule
chart=$to/helm/pidns-exporter/files
mkdir -p "$component" "$chart"

# Copies: Flux omits symbolic links from its artefacts of a repository.
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
# Made of dashboards/*.rules.yml by `make manifests`. For the Prometheus Operator; your Prometheus selects it by labels, where it
# selects: add them.
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
