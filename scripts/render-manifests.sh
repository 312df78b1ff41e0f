#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# render-manifests.sh [FOLDER]
#
# Writes what is made of other files and stands in git for those who want one file: below FOLDER, by default below deploy/kubernetes.
# `make manifests` calls it, and `make check` holds what it writes against what is there.
set -euo pipefail
cd "$(dirname "$0")/.."

to=${1:-deploy/kubernetes}
PATH=$(scripts/check-tools.sh):$PATH
mkdir -p "$to/components/prometheus-rule"

{
  cat <<'HEAD'
# SPDX-License-Identifier: Apache-2.0
#
# Rendered from base/ by `make manifests`, for `kubectl apply -f`.
HEAD
  kubectl kustomize deploy/kubernetes/base
} >"$to/daemonset.yaml"

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
} >"$to/components/prometheus-rule/prometheus-rule.yaml"
